// Pasting from word processors and web pages: as Markdown. Pasting without formatting (Ctrl+Shift+V) stays plain.

import { body, form, replace } from "./editor-form.js";
import { picturesOf, upload } from "./editor-pictures.js";
import { markdownOf } from "./markdown.js";

let isPlain = false;

function paste(event) {
  const html = isPlain ? "" : event.clipboardData.getData("text/html");
  const plain = event.clipboardData.getData("text/plain");
  const pictures = picturesOf(event.clipboardData);
  // Word processors add a picture of the copied text.
  if (pictures.length && form.dataset.pictures && !plain.trim()) {
    event.preventDefault();
    upload(pictures);
    return;
  }
  const markdown = html && markdownOf(html);
  if (!markdown) return; // The browser inserts the plain text.
  event.preventDefault();
  replace(body.selectionStart, body.selectionEnd, markdown);
}

if (body) {
  body.addEventListener("keydown", (event) => (isPlain = event.shiftKey && event.key.toLowerCase() === "v"));
  body.addEventListener("keyup", () => (isPlain = false));
  body.addEventListener("paste", paste);
}
