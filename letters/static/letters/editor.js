// Shows beside the editor what readers will see, by the renderer of the public page, shortly after each pause in typing.

const form = document.getElementById("editor");
const live = document.getElementById("live");
const body = form?.elements.body;
let soon = 0;

async function show() {
  const fields = new FormData();
  fields.set("body", body.value);
  const headers = { "X-CSRFToken": form.elements.csrfmiddlewaretoken.value };
  const answer = await fetch(form.dataset.preview, { method: "POST", body: fields, headers });
  if (!answer.ok) return;
  live.querySelector(".text").innerHTML = (await answer.json()).html; // Sanitised by the server, as the page is.
  live.hidden = false;
}

if (body && live) {
  body.addEventListener("input", () => {
    clearTimeout(soon);
    soon = setTimeout(() => show().catch(() => {}), 400);
  });
  show().catch(() => {});
}
