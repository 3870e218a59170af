// The preview: beside the text on a wide screen, instead of it on a narrow one. The server renders it as the public page.

import { form, token } from "./editor-form.js";

const DELAY = 500;
const desk = document.querySelector(".desk");
const live = document.getElementById("live");
const frame = live?.querySelector("iframe");
const views = document.querySelector(".views");

let timer = 0;
let newest = 0;

export function updatePreviewSoon() {
  clearTimeout(timer);
  timer = setTimeout(updatePreview, DELAY);
}

export async function updatePreview() {
  if (!live || (frame && !frame.checkVisibility())) return;
  const mine = ++newest;
  try {
    const headers = { "X-CSRFToken": token() };
    const answer = await fetch(form.dataset.preview, { method: "POST", body: new FormData(form), headers });
    // An older answer may arrive after a newer one.
    if (!answer.ok || answer.redirected || mine !== newest) return;
    if (frame) showPage(await answer.text());
    else showText(await answer.json());
  } catch {
    // Without a connection, the preview stays as it is.
  }
}

// Replace the content only, so that the frame does not flash and stays where it was scrolled to.
function showPage(html) {
  const shown = frame.contentDocument;
  const main = new DOMParser().parseFromString(html, "text/html").querySelector("main");
  if (main && shown?.querySelector("main")) shown.querySelector("main").replaceWith(shown.adoptNode(main));
}

function showText({ html }) {
  live.querySelector(".text").innerHTML = html; // Sanitised by the server, as the page is.
  live.hidden = false;
}

function choose(view) {
  desk.classList.toggle("previewing", view === "preview");
  for (const button of views.children) button.setAttribute("aria-pressed", String(button.value === view));
  if (view === "preview") scrollTo({ top: 0 });
  updatePreview();
}

if (frame) {
  live.hidden = views.hidden = false;
  frame.addEventListener("load", updatePreview, { once: true });
  frame.src = form.dataset.preview;
  views.addEventListener("click", (event) => event.target.value && choose(event.target.value));
  addEventListener("resize", updatePreviewSoon);
}
