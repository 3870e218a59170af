// The toolbar of the editor. It writes Markdown into the text, at the selection.

import { body, replace } from "./editor-form.js";
import { upload } from "./editor-pictures.js";

const bar = document.getElementById("toolbar");
const said = bar?.dataset ?? {};

const selected = () => body.value.slice(body.selectionStart, body.selectionEnd);

// Put a mark on both sides of the selection, or remove it.
function mark(sign, placeholder) {
  let [start, end] = [body.selectionStart, body.selectionEnd];
  // Spaces stay outside: "** bold **" would not be bold.
  while (start < end && /\s/.test(body.value[start])) start += 1;
  while (end > start && /\s/.test(body.value[end - 1])) end -= 1;
  const inside = body.value.slice(start, end);
  const before = body.value.slice(start - sign.length, start);
  if (inside && before === sign && body.value.slice(end, end + sign.length) === sign && !isHalfOfBold(sign, start, end)) {
    replace(start - sign.length, end + sign.length, inside);
    return body.setSelectionRange(start - sign.length, end - sign.length);
  }
  const words = inside || placeholder;
  replace(start, end, sign + words + sign);
  body.setSelectionRange(start + sign.length, start + sign.length + words.length);
}

// A single star that belongs to a pair is not an italic mark.
function isHalfOfBold(sign, start, end) {
  return sign === "*" && body.value.slice(start - 3, start).replace(/^[^*]+/, "").length === 2 && body.value[end + 1] === "*";
}

// Put a mark at the start of each selected line, or remove it.
const BEGINNINGS = /^(#{1,6} |> |[-*+] |\d+[.)] )?/;

function begin(beginning) {
  const start = body.value.lastIndexOf("\n", body.selectionStart - 1) + 1;
  const next = body.value.indexOf("\n", Math.max(body.selectionEnd - 1, start));
  const end = next < 0 ? body.value.length : next;
  const lines = body.value.slice(start, end).split("\n");
  const takesAway = lines.every((line, number) => !line.trim() || line.startsWith(beginning(number)));
  const isOne = lines.length === 1;
  let number = 0;
  const text = lines
    .map((line) => (line.trim() || isOne ? line.replace(BEGINNINGS, takesAway && line.trim() ? "" : beginning(number++)) : line))
    .join("\n");
  replace(start, end, text);
  if (!isOne) body.setSelectionRange(start, start + text.length);
}

function link() {
  const words = selected().trim();
  const start = body.selectionStart;
  if (/^(https?:\/\/|mailto:)\S+$/.test(words)) {
    replace(start, body.selectionEnd, `[${said.linkText}](${words})`);
    return body.setSelectionRange(start + 1, start + 1 + said.linkText.length);
  }
  const text = words || said.linkText;
  replace(start, body.selectionEnd, `[${text}](https://)`);
  const address = start + text.length + 3;
  return words ? body.setSelectionRange(address, address + 8) : body.setSelectionRange(start + 1, start + 1 + text.length);
}

function footnote() {
  const used = [...body.value.matchAll(/\[\^(\d+)\]/g)].map((match) => Number(match[1]));
  const label = `[^${Math.max(0, ...used) + 1}]`;
  replace(body.selectionEnd, body.selectionEnd, label);
  const isAfterNote = /(^|\n)\[\^[^\]]+\]:[^\n]*\n*$/.test(body.value);
  const end = body.value.trimEnd().length;
  replace(end, body.value.length, `${isAfterNote ? "\n" : "\n\n"}${label}: ${said.note}`);
  body.setSelectionRange(body.value.length - said.note.length, body.value.length);
  body.scrollTop = body.scrollHeight;
}

function picture() {
  const input = Object.assign(document.createElement("input"), { type: "file", accept: "image/*", multiple: true });
  input.addEventListener("change", () => upload(input.files));
  input.click();
}

const ACTIONS = {
  heading: () => begin(() => "## "),
  bold: () => mark("**", said.words),
  italic: () => mark("*", said.words),
  link,
  bullets: () => begin(() => "- "),
  numbers: () => begin((number) => `${number + 1}. `),
  quote: () => begin(() => "> "),
  picture,
  footnote,
};
const KEYS = { b: "bold", i: "italic", k: "link" };

// Accessibility: the toolbar is one Tab stop; the arrow keys move inside it.
function moveTo(button) {
  for (const each of bar.querySelectorAll("button")) each.tabIndex = each === button ? 0 : -1;
}

function walk(event) {
  const buttons = [...bar.querySelectorAll("button")];
  const here = buttons.indexOf(document.activeElement);
  const forwards = getComputedStyle(bar).direction === "rtl" ? -1 : 1;
  const goal = { ArrowRight: here + forwards, ArrowLeft: here - forwards, Home: 0, End: buttons.length - 1 }[event.key];
  if (goal === undefined) return;
  event.preventDefault();
  const button = buttons.at(goal % buttons.length);
  moveTo(button);
  button.focus();
}

if (bar && body) {
  bar.setAttribute("aria-controls", body.id);
  body.before(bar);
  body.after(document.getElementById("uploading"));
  bar.hidden = false;
  moveTo(bar.querySelector("button"));
  bar.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    moveTo(button);
    ACTIONS[button.value]();
  });
  bar.addEventListener("keydown", walk);
  body.addEventListener("keydown", (event) => {
    const action = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && KEYS[event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();
    ACTIONS[action]();
  });
}
