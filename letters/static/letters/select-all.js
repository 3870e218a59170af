// Let one checkbox select all signatures on the page. Without JavaScript, it is hidden.

const all = document.getElementById("all");
const boxes = document.querySelectorAll("[name=ticked]");

if (all && boxes.length) {
  all.hidden = document.getElementById("all-label").hidden = false;
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
  });
}
