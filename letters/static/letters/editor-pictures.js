// Pictures that were chosen, dropped or pasted: upload each, and insert its Markdown at the cursor.

import { body, form, replace, token } from "./editor-form.js";

const status = document.getElementById("uploading");
const address = form?.dataset.pictures;

export const picturesOf = (transfer) => [...(transfer?.files ?? [])].filter((file) => file.type.startsWith("image/"));

export async function upload(files) {
  for (const file of files) {
    status.textContent = status.dataset.busy;
    status.className = "saving";
    const result = await send(file);
    status.textContent = result.problem ?? "";
    status.className = result.problem ? "error" : "saving";
    if (result.problem) return;
    insert(result.markdown);
  }
}

async function send(file) {
  const fields = new FormData();
  fields.set("file", file);
  fields.set("described", "later");
  try {
    const headers = { "X-CSRFToken": token(), Accept: "application/json" };
    const answer = await fetch(address, { method: "POST", body: fields, headers });
    const isOurs = answer.headers.get("Content-Type")?.startsWith("application/json");
    if (answer.status === 413) return { problem: status.dataset.large };
    return isOurs ? await answer.json() : { problem: status.dataset.offline };
  } catch {
    return { problem: status.dataset.offline };
  }
}

// The description is selected, so that the writer can type it at once.
function insert(markdown) {
  const { value, selectionStart: start, selectionEnd: end } = body;
  const before = value.slice(0, start).trim() ? "\n\n".slice(/\n*$/.exec(value.slice(0, start))[0].length) : "";
  const after = "\n\n".slice(/^\n*/.exec(value.slice(end))[0].length);
  replace(start, end, before + markdown + after);
  const description = start + before.length + 2;
  body.setSelectionRange(description, description + markdown.lastIndexOf("](") - 2);
}

function isOverText(event) {
  return address && event.dataTransfer?.types.includes("Files");
}

if (address && body) {
  body.addEventListener("dragover", (event) => {
    if (!isOverText(event)) return;
    event.preventDefault();
    body.classList.add("dropping");
  });
  body.addEventListener("dragleave", () => body.classList.remove("dropping"));
  body.addEventListener("drop", (event) => {
    body.classList.remove("dropping");
    if (!isOverText(event)) return;
    event.preventDefault();
    const pictures = picturesOf(event.dataTransfer);
    if (pictures.length) upload(pictures);
    else Object.assign(status, { textContent: status.dataset.wrong, className: "error" });
  });
}
