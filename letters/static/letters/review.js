// Work through the review queue by keyboard, without loading a page between two signatures. Decisions are sent one after
// the other while the moderator continues. Without JavaScript, each button sends its form.

import { listen } from "./keys.js";

const queue = document.getElementById("queue");
const said = document.getElementById("said");
const waiting = document.getElementById("waiting");
const nothing = document.getElementById("nothing");
const shortcuts = document.getElementById("shortcuts");
// Fetch more when fewer than this wait on the page.
const FEW = 10;

let here = null;
let unsent = 0;
let sending = Promise.resolve();
let fetching = false;
const undoable = [];
// The signatures that were decided on this page. A list that the server made earlier may still contain them.
const gone = new Set();

const undecided = () => [...queue.querySelectorAll(".review-item:not(.decided)")];

function go(item) {
  here = item ?? null;
  if (!item) return document.activeElement?.blur();
  item.focus({ preventScroll: true });
  item.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const items = undecided();
  const place = items.indexOf(here) + by;
  if (place < 0 && opinion) return opinion.focus();
  go(items[Math.min(Math.max(place, 0), items.length - 1)]);
}

async function post(form, body) {
  const headers = { Accept: "application/json" };
  const answer = await fetch(form.action, { method: "POST", body, headers });
  if (answer.redirected || !answer.headers.get("Content-Type")?.includes("json")) throw new Error(answer.status);
  return { ok: answer.ok, ...(await answer.json()) };
}

// Show the decision at once, and bring the signature back if the server refuses.
function decide(item, form, body) {
  const next = undecided()[undecided().indexOf(item) + 1] ?? undecided().find((each) => each !== item);
  item.classList.add("decided");
  item.inert = true;
  gone.add(item.dataset.handle);
  unsent += 1;
  go(next);
  sending = sending.then(() => send(item, form, body)).finally(() => (unsent -= 1));
  refill();
  sending.then(refill);
}

async function send(item, form, body) {
  try {
    const answer = await post(form, body);
    said.textContent = answer.said;
    if (!answer.ok) return bringBack(item);
    if (answer.undo) undoable.push({ item, handle: answer.undo });
    item.remove();
  } catch {
    said.textContent = queue.dataset.failed;
    bringBack(item);
  }
}

function bringBack(item) {
  item.classList.remove("decided");
  item.inert = false;
  gone.delete(item.dataset.handle);
  nothing.hidden = true;
  if (!here?.isConnected || here.inert) go(item);
}

async function undo() {
  await sending;
  const last = undoable.pop();
  if (!last) return;
  const body = new FormData(last.item.querySelector("form"));
  body.set("undo", last.handle);
  try {
    const answer = await post(last.item.querySelector("form"), body);
    said.textContent = answer.said;
    if (!answer.ok) return;
    queue.prepend(last.item);
    last.item.querySelectorAll("details").forEach((each) => (each.open = false));
    bringBack(last.item);
    go(last.item);
    await refill();
  } catch {
    undoable.push(last);
    said.textContent = queue.dataset.failed;
  }
}

async function refill() {
  nothing.hidden = undecided().length > 0;
  if (fetching || undecided().length >= FEW) return;
  fetching = true;
  try {
    const answer = await fetch(queue.dataset.next, { headers: { Accept: "application/json" } });
    if (!answer.ok || answer.redirected) return;
    const { html, waiting: number } = await answer.json();
    waiting.textContent = number;
    waiting.hidden = number === 0;
    const fresh = new DOMParser().parseFromString(html, "text/html").querySelectorAll(".review-item");
    for (const item of fresh) {
      const handle = item.dataset.handle;
      if (!gone.has(handle) && !queue.querySelector(`[data-handle="${handle}"]`)) queue.append(document.adoptNode(item));
    }
    nothing.hidden = undecided().length > 0;
    if (!here?.isConnected || here.inert) go(undecided()[0]);
    if (!nothing.hidden && !unsent) nothing.focus();
  } finally {
    fetching = false;
  }
}

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  a: () => here.querySelector("[name=accept]").click(),
  h: () => here.querySelector("[name=hold]").click(),
  q: () => here.querySelector("[name=ask]")?.click(),
  r: () => {
    const reasons = here.querySelector("[data-verb=reject]");
    reasons.open = !reasons.open;
    (reasons.open ? reasons.querySelector(".sure button") : here).focus();
  },
  u: undo,
  "?": () => (shortcuts.open = !shortcuts.open),
};

function actionOf(key) {
  const reasons = here?.querySelectorAll("details[open] .sure button");
  if (reasons?.[Number(key) - 1]) return () => reasons[Number(key) - 1].click();
  return here || "u?".includes(key) ? KEYS[key.toLowerCase()] : null;
}

// A second opinion stands above the queue. Its keys are those of the queue.
const opinion = document.querySelector(".opinion");

function actionOfOpinion(key) {
  const verb = { a: "accept", r: "reject" }[key.toLowerCase()];
  if (verb) return () => opinion.querySelector(`[value=${verb}]`).click();
  return key.toLowerCase() === "j" && (() => go(undecided()[0]));
}

if (queue) {
  shortcuts.hidden = false;
  listen(document.getElementById("review"), actionOf);
  if (opinion) listen(opinion, actionOfOpinion);
  queue.addEventListener("focusin", (event) => (here = event.target.closest(".review-item")));
  queue.addEventListener("submit", (event) => {
    // Hiding a comment decides nothing about the signature, which stays: the form is sent as it is.
    if (["hide", "show"].includes(event.submitter?.name)) return;
    event.preventDefault();
    const form = event.target;
    decide(form.closest(".review-item"), form, new FormData(form, event.submitter));
  });
  // Leaving the page now would lose a decision that is still being sent.
  addEventListener("beforeunload", (event) => unsent && event.preventDefault());
  go(undecided()[0]);
}
