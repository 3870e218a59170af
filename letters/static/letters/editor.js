// What the editor adds: it shows what readers will see, saves at every pause, and keeps in this browser what it could
// not save. Two who write at once keep both texts: what a teammate has written is shown, never overwritten by itself.

const form = document.getElementById("editor");
const said = document.getElementById("saving");
const offer = document.getElementById("kept");
const live = document.getElementById("live");
const theirs = document.getElementById("theirs");
const PAUSE = 1_500;
const AGAIN = 10_000;
const FIELDS = ["addressee", "title", "body", "summary", "collective"];
const KEY = `unsaved:${form?.dataset.keep}`;

let soon = 0;
let underway = false;
// After a teammate's text only the writer decides: the button saves, no clock.
let stopped = false;

// What stands in the form

const inputs = () => FIELDS.map((name) => form.elements[name]).filter(Boolean);
const words = () => Object.fromEntries(inputs().map((input) => [input.name, input.value]));
const same = (one, other) => FIELDS.every((name) => tidy(one[name]) === tidy(other[name]));
const tidy = (text = "") => text.replace(/\r\n?/g, "\n").trim();

// In this browser, until the site has it. While older words wait for an answer, newer ones stand beside them.

const place = () => (offer.hidden ? KEY : `${KEY}:newer`);

function read(key = place()) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null; // No room is kept for us, or something else stands there.
  }
}

function keep(more = {}) {
  const kept = { words: words(), seen: form.elements.seen?.value, at: Date.now(), ...more };
  try {
    localStorage.setItem(place(), JSON.stringify(kept));
  } catch {
    // Then it stands in the form alone.
  }
}

function forget(key = place()) {
  try {
    localStorage.removeItem(key);
  } catch {
    // Nothing was kept.
  }
}

function offerKept(key = KEY) {
  const kept = read(key);
  const isNews = kept && !same(kept.words, words());
  if (!isNews) forget(key);
  if (!isNews && key === KEY) return offerKept(`${KEY}:newer`);
  if (!isNews) return;
  offer.querySelector("span").textContent = new Date(kept.at).toLocaleString(document.documentElement.lang);
  offer.hidden = false;
  offer.onclick = (event) => {
    const choice = event.target.closest("button")?.value;
    if (!choice) return;
    forget(key);
    offer.hidden = true;
    if (choice === "take") takeBack(kept);
    else if (key === KEY) offerKept(`${KEY}:newer`);
  };
}

function takeBack(kept) {
  for (const input of inputs()) input.value = kept.words[input.name] ?? input.value;
  // They were written over that text: if it has changed since, the site says so, and shows both.
  if (form.elements.seen) form.elements.seen.value = kept.seen;
  changed();
  inputs()[0].focus();
}

// Saving

function say(what, more = "") {
  const sentence = said.dataset[what];
  said.dataset.state = what;
  const text = more ? `${sentence} ${more}` : sentence;
  if (said.textContent !== text) said.textContent = text;
}

// Whoever signed in again in another window has another token there than this page.
function token() {
  const cookie = document.cookie.split("; ").find((each) => /^(csrftoken|__Host-csrf)=/.test(each));
  const field = form.elements.csrfmiddlewaretoken;
  if (cookie) field.value = cookie.slice(cookie.indexOf("=") + 1);
  return field.value;
}

async function save() {
  clearTimeout(soon);
  if (underway || stopped || !form.dataset.save) return;
  underway = true;
  const sent = words();
  try {
    await judge(await send(), sent);
  } catch {
    say("offline");
    later(AGAIN);
  } finally {
    underway = false;
  }
}

function send() {
  const fields = new FormData(form);
  const headers = { "X-CSRFToken": token(), Accept: "application/json" };
  return fetch(form.dataset.save, { method: "POST", body: fields, headers });
}

async function judge(answer, sent) {
  const isOurs = answer.headers.get("Content-Type")?.startsWith("application/json");
  if (answer.status >= 500) throw new Error(String(answer.status));
  if (answer.status === 413) return say("large");
  if (!isOurs) {
    say("over"); // Led to the page where one signs in, or refused without a session.
    return later(AGAIN);
  }
  const found = await answer.json();
  if (answer.status === 409) return meet(found);
  if (!answer.ok) return say("wrong", found.problem);
  form.elements.seen.value = found.version;
  if (same(sent, words())) {
    forget();
    const time = new Date().toLocaleTimeString(document.documentElement.lang, { hour: "numeric", minute: "2-digit" });
    say("saved", time);
  } else {
    later(PAUSE);
  }
}

function meet(found) {
  stopped = true;
  if (found.problem !== "changed_meanwhile") return say("published");
  say("meanwhile");
  for (const shown of theirs.querySelectorAll("[data-show]")) {
    const text = found[shown.dataset.show];
    if (shown.dataset.show === "html") shown.innerHTML = text; // Sanitised by the server, as the page is.
    else if (shown.tagName === "TEXTAREA") shown.value = text;
    else shown.textContent = text;
  }
  theirs.hidden = false;
  // They see it now: the button may save over it.
  form.elements.seen.value = found.version;
}

function later(pause) {
  clearTimeout(soon);
  soon = setTimeout(save, pause);
}

function changed() {
  keep();
  if (form.dataset.save) later(PAUSE);
  if (live) showSoon();
}

// What readers will see

let look = 0;

function showSoon() {
  clearTimeout(look);
  look = setTimeout(() => show().catch(() => {}), 400);
}

async function show() {
  const fields = new FormData();
  fields.set("body", form.elements.body.value);
  const answer = await fetch(form.dataset.preview, { method: "POST", body: fields, headers: { "X-CSRFToken": token() } });
  if (!answer.ok || answer.redirected) return;
  live.querySelector(".text").innerHTML = (await answer.json()).html; // Sanitised by the server, as the page is.
  live.hidden = false;
}

// A letter that was begun is a letter here: its start page has nothing more to keep.
const START = "unsaved:start";
if (form?.dataset.keep !== "start" && read(START)?.sent) forget(START);

if (form) {
  if ("unsaved" in form.dataset) keep();
  else offerKept();
  form.addEventListener("input", (event) => FIELDS.includes(event.target.name) && changed());
  form.addEventListener("submit", () => {
    stopped = true;
    clearTimeout(soon);
    token();
    keep({ sent: true });
  });
  addEventListener("online", () => said?.dataset.state === "offline" && save());
  addEventListener("pageshow", (event) => event.persisted && (stopped = false));
  document.addEventListener("visibilitychange", () => document.hidden && read() && offer.hidden && save());
  if (live) show().catch(() => {});
}
