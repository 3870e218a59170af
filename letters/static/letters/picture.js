// Puts a picture into the text without leaving the editor: it is uploaded, and its Markdown written where the cursor is.

const form = document.getElementById("picture");
const editor = document.getElementById("editor");
const said = form.querySelector("[role=status]");

form.hidden = false;
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  said.textContent = "";
  try {
    const headers = { "X-CSRFToken": editor.elements.csrfmiddlewaretoken.value, Accept: "application/json" };
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers });
    const isOurs = answer.headers.get("Content-Type")?.startsWith("application/json");
    const found = isOurs ? await answer.json() : {};
    if (answer.ok && found.markdown) put(found.markdown);
    else said.textContent = found.problem ?? form.dataset.offline;
  } catch {
    said.textContent = form.dataset.offline;
  } finally {
    button.disabled = false;
  }
});

function put(markdown) {
  const body = editor.elements.body;
  body.setRangeText(`\n\n${markdown}\n\n`, body.selectionStart, body.selectionEnd, "end");
  body.dispatchEvent(new Event("input", { bubbles: true }));
  form.reset();
  form.querySelector("details").open = false;
  body.focus();
}
