// The page "Check this count": what ledger.js finds, in the sentences of the page.
//
// A saved copy of the page has its files in `savedFiles`, because browsers read none from a folder: {path: base64}.
"use strict";

const page = document.getElementById("verify");
const { log, origin, keys, count } = page.dataset;
const results = document.getElementById("results");
const status = document.getElementById("status");
const sentences = document.getElementById("sentences").content;
// The record follows the page's count after a few seconds.
const WAITS = globalThis.savedFiles ? [] : [3_000, 6_000];
const LONGEST_RECEIPT = 64 * 1024;

// In a copy of a letter with very many signatures, readers choose the folder of the record. A copy on a website needs that not.
const folder = globalThis.location.protocol === "file:" ? document.getElementById("saved-folder") : null;
const isWhole = Boolean(globalThis.savedFiles) && !document.getElementById("saved-folder");
let chosen = new Map();

const bytesOf = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
const asNumber = (value) => value.toLocaleString(document.documentElement.lang);

function sentence(code, values = {}) {
  const wording = sentences.querySelector(`[data-says="${code}"]`).textContent.trim();
  return wording.replace(/\{(\w+)\}/g, (_, name) => typeof values[name] === "number" ? asNumber(values[name]) : values[name]);
}

const GOOD = ["signed", "included", "opened", "opened-nameless", "complete", "kept", "is-published", "same-count", "same-text"];

function say(code, values) {
  const line = Object.assign(document.createElement("li"), { textContent: sentence(code, values) });
  line.dataset.found = GOOD.includes(code) ? "right" : "note";
  line.dataset.code = code;
  results.append(line);
}

function sayWrong(error) {
  const known = error instanceof tlog.Wrong ? error : new tlog.Wrong("failed");
  if (known !== error) console.error(error);
  say(known.code, known.values);
  results.lastChild.dataset.found = "wrong";
  status.textContent = sentence("ended-wrong");
}

async function chosenFile(path) {
  if (!chosen.size) throw new tlog.Wrong("no-folder");
  const file = chosen.get(path);
  return file ? new Uint8Array(await file.arrayBuffer()) : null;
}

async function load(path, { isFresh = false } = {}) {
  if (globalThis.savedFiles && path in savedFiles) return bytesOf(savedFiles[path]);
  if (isWhole) return null;
  if (folder) return chosenFile(path);
  let answer;
  try {
    answer = await fetch(path, { credentials: "omit", cache: isFresh ? "no-store" : "default" });
  } catch {
    throw new tlog.Wrong("network", { path });
  }
  return answer.ok ? new Uint8Array(await answer.arrayBuffer()) : null;
}

// A partial bundle may have been replaced by the full one in the meantime.
async function read(path, full = path) {
  const bytes = (await load(log + path, { isFresh: path === "checkpoint" })) ?? (full !== path ? await load(log + full) : null);
  if (!bytes) throw new tlog.Wrong(path === "checkpoint" ? "no-record" : "missing", { path: log + path });
  return bytes;
}

async function readKeys() {
  const bytes = await load(keys);
  if (!bytes) throw new tlog.Wrong("missing", { path: keys });
  return tlog.parseKeys(new TextDecoder().decode(bytes));
}

const pause = (time) => new Promise((resolve) => { setTimeout(resolve, time); });
const progress = (done, all) => { status.textContent = sentence("reading", { done, all }); };

function isSame(counts, shown) {
  const texts = shown.texts.filter((each) => each.published);
  return ["published", "withdrawn", "removed"].every((name) => counts[name] === shown[name])
    && texts.length === Object.keys(counts.texts).length
    && texts.every((each) => counts.texts[each.number] === each.published);
}

// Race: someone may sign between the two files, so a difference counts only if it stays.
async function compareCounts(around, record) {
  let [found, waits] = [record, [...WAITS]];
  for (;;) {
    const bytes = await load(count, { isFresh: true });
    if (!bytes) throw new tlog.Wrong("missing", { path: count });
    const shown = JSON.parse(new TextDecoder().decode(bytes));
    const counts = ledger.countsOf(found.signatures);
    if (isSame(counts, shown)) {
      say("same-count", counts);
      return Object.entries(counts.texts).forEach(([number, published]) => say("same-text", { number: Number(number), published }));
    }
    if (!waits.length) throw new tlog.Wrong("other-count", { ...counts, shown: shown.published });
    await pause(waits.shift());
    found = await ledger.checkRecord({ ...around, say: () => {} });
  }
}

async function check(content) {
  results.replaceChildren();
  status.textContent = sentence("working");
  if (!globalThis.crypto?.subtle) throw new tlog.Wrong("no-crypto");
  const around = { origin, keys: await readKeys(), read, progress, say };
  const receipt = content === null ? null : await ledger.checkReceipt(content, around);
  // Its signature by the same key is not worth a second line.
  const quiet = receipt ? (code, values) => (code === "signed" || code === "no-ed25519" ? undefined : say(code, values)) : say;
  const record = await ledger.checkRecord({ ...around, say: quiet });
  if (receipt) await ledger.compare(receipt, record, say);
  await compareCounts(around, record);
  status.textContent = sentence("ended-right");
}

async function chosenReceipt() {
  const file = document.getElementById("receipt-file").files[0];
  const pasted = document.getElementById("receipt-text").value;
  if (!file && !pasted.trim()) throw new tlog.Wrong("nothing-chosen");
  if ((file?.size ?? pasted.length) > LONGEST_RECEIPT) throw new tlog.Wrong("too-large");
  return file ? file.text() : `${pasted.trim()}\n`;
}

async function run(button, find) {
  const buttons = page.querySelectorAll("button");
  buttons.forEach((each) => { each.disabled = true; });
  try {
    await check(await find());
  } catch (error) {
    sayWrong(error);
  } finally {
    buttons.forEach((each) => { each.disabled = false; });
    button.focus();
  }
}

document.getElementById("check-receipt").addEventListener("submit", (event) => {
  event.preventDefault();
  run(event.submitter, chosenReceipt);
});
document.getElementById("check-letter").addEventListener("click", (event) => run(event.currentTarget, async () => null));
folder?.addEventListener("change", () => {
  // They may have chosen the folder "log", or one above it.
  chosen = new Map([...folder.files].map((file) => [file.webkitRelativePath.replace(/^.*\/(?=log\/)/, ""), file]));
});
if (folder) document.getElementById("choose-folder").hidden = false;
page.querySelectorAll("[hidden].with-script").forEach((each) => { each.hidden = false; });
