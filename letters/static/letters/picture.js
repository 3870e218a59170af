// Upload a picture from the editor, and insert its Markdown at the cursor.

const form = document.getElementById("picture");
const editor = document.getElementById("editor");
const status = form.querySelector("[role=status]");

form.hidden = false;
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  status.textContent = "";
  try {
    const headers = { "X-CSRFToken": editor.elements.csrfmiddlewaretoken.value, Accept: "application/json" };
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers });
    const isOurs = answer.headers.get("Content-Type")?.startsWith("application/json");
    const result = isOurs ? await answer.json() : {};
    if (answer.ok && result.markdown) insert(result.markdown);
    else status.textContent = result.problem ?? form.dataset.offline;
  } catch {
    status.textContent = form.dataset.offline;
  } finally {
    button.disabled = false;
  }
});

function insert(markdown) {
  const body = editor.elements.body;
  body.setRangeText(`\n\n${markdown}\n\n`, body.selectionStart, body.selectionEnd, "end");
  body.dispatchEvent(new Event("input", { bubbles: true }));
  form.reset();
  form.querySelector("details").open = false;
  body.focus();
}
