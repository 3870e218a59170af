// The editor of a letter's text: saving at every pause in typing, and a copy in this browser of what could not be saved.
// If two members write at the same time, both texts are kept, and this script overwrites neither.

import { form, token } from "./editor-form.js";
import { updatePreview, updatePreviewSoon } from "./editor-preview.js";
import "./editor-toolbar.js";
import "./editor-paste.js";

const status = document.getElementById("saving");
const offer = document.getElementById("kept");
const otherText = document.getElementById("theirs");
const SAVE_DELAY = 1_500;
const RETRY_DELAY = 10_000;
const FIELDS = ["addressee", "title", "body", "summary", "collective"];
const KEY = `unsaved:${form?.dataset.keep}`;

let saveTimer = 0;
let isSaving = false;
// After a conflict, only the button saves, so that the writer decides.
let isStopped = false;

// The fields of the form

const inputs = () => FIELDS.map((name) => form.elements[name]).filter(Boolean);
const words = () => Object.fromEntries(inputs().map((input) => [input.name, input.value]));
const same = (one, other) => FIELDS.every((name) => tidy(one[name]) === tidy(other[name]));
const tidy = (text = "") => text.replace(/\r\n?/g, "\n").trim();

// The copy in this browser, until the site has saved the text. While an older copy is offered, both are kept.

const storageKey = () => (!offer || offer.hidden ? KEY : `${KEY}:newer`);

function read(key = storageKey()) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null; // The browser allows no storage, or the stored value is not ours.
  }
}

function keep(more = {}) {
  if (!form.dataset.keep) return;
  const kept = { words: words(), seen: form.elements.seen?.value, at: Date.now(), ...more };
  try {
    localStorage.setItem(storageKey(), JSON.stringify(kept));
  } catch {
    // Without storage, the text is only in the form.
  }
}

function forget(key = storageKey()) {
  try {
    localStorage.removeItem(key);
  } catch {
    // Without storage, there is nothing to delete.
  }
}

function offerKept(key = KEY) {
  const kept = read(key);
  const differs = kept && !same(kept.words, words());
  if (!differs) forget(key);
  if (!differs && key === KEY) return offerKept(`${KEY}:newer`);
  if (!differs) return;
  offer.querySelector("span").textContent = new Date(kept.at).toLocaleString(document.documentElement.lang);
  offer.hidden = false;
  offer.onclick = (event) => {
    const choice = event.target.closest("button")?.value;
    if (!choice) return;
    forget(key);
    offer.hidden = true;
    if (choice === "take") restore(kept);
    else if (key === KEY) offerKept(`${KEY}:newer`);
  };
}

function restore(kept) {
  for (const input of inputs()) input.value = kept.words[input.name] ?? input.value;
  // Send the version that this copy was based on. If the text has changed since, the site reports a conflict.
  if (form.elements.seen) form.elements.seen.value = kept.seen;
  changed();
  inputs()[0].focus();
}

// Saving

function showStatus(state, more = "") {
  const sentence = status.dataset[state];
  status.dataset.state = state;
  const text = more ? `${sentence} ${more}` : sentence;
  if (status.textContent !== text) status.textContent = text;
}

async function save() {
  clearTimeout(saveTimer);
  if (isSaving || isStopped || !form.dataset.save) return;
  isSaving = true;
  const sent = words();
  try {
    await handleAnswer(await send(), sent);
  } catch {
    showStatus("offline");
    saveLater(RETRY_DELAY);
  } finally {
    isSaving = false;
  }
}

function send() {
  const fields = new FormData(form);
  const headers = { "X-CSRFToken": token(), Accept: "application/json" };
  return fetch(form.dataset.save, { method: "POST", body: fields, headers });
}

async function handleAnswer(answer, sent) {
  const isOurs = answer.headers.get("Content-Type")?.startsWith("application/json");
  if (answer.status >= 500) throw new Error(String(answer.status));
  if (answer.status === 413) return showStatus("large");
  if (!isOurs) {
    showStatus("over"); // Redirected to the sign-in page, or refused without a session.
    return saveLater(RETRY_DELAY);
  }
  const result = await answer.json();
  if (answer.status === 409) return showConflict(result);
  if (!answer.ok) return showStatus("wrong", result.problem);
  form.elements.seen.value = result.version;
  if (same(sent, words())) {
    forget();
    const time = new Date().toLocaleTimeString(document.documentElement.lang, { hour: "numeric", minute: "2-digit" });
    showStatus("saved", time);
  } else {
    saveLater(SAVE_DELAY);
  }
}

function showConflict(result) {
  isStopped = true;
  if (result.problem !== "changed_meanwhile") return showStatus("published");
  showStatus("meanwhile");
  for (const shown of otherText.querySelectorAll("[data-show]")) {
    const text = result[shown.dataset.show];
    if (shown.dataset.show === "html") shown.innerHTML = text; // Sanitised by the server, as the page is.
    else if (shown.tagName === "TEXTAREA") shown.value = text;
    else shown.textContent = text;
  }
  otherText.hidden = false;
  // The writer sees the other text now, so the button may save over it.
  form.elements.seen.value = result.version;
}

function saveLater(delay) {
  clearTimeout(saveTimer);
  saveTimer = setTimeout(save, delay);
}

function changed() {
  keep();
  if (form.dataset.save) saveLater(SAVE_DELAY);
  updatePreviewSoon();
}

// This letter has been created, so the copy of the start page is not needed any more.
const START = "unsaved:start";
if (form?.dataset.keep !== "start" && read(START)?.sent) forget(START);

if (form) {
  if ("unsaved" in form.dataset) keep();
  else if (offer) offerKept();
  form.addEventListener("input", (event) => FIELDS.includes(event.target.name) && changed());
  form.addEventListener("submit", () => {
    isStopped = true;
    clearTimeout(saveTimer);
    token();
    keep({ sent: true });
  });
  addEventListener("online", () => status?.dataset.state === "offline" && save());
  addEventListener("pageshow", (event) => event.persisted && (isStopped = false));
  document.addEventListener("visibilitychange", () => document.hidden && read() && offer?.hidden && save());
  updatePreview();
}
