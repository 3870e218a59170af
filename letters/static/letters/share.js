// Copies the link, and opens the device's own way of sharing. Without it the link is there to be selected.

const area = document.getElementById("sharing");
const link = document.getElementById("public-link");
const [copy, share] = area.querySelectorAll("button");

copy.addEventListener("click", async () => {
  link.select();
  await navigator.clipboard.writeText(link.value);
  copy.textContent = copy.dataset.done;
});
share.addEventListener("click", () => navigator.share({ title: area.dataset.title, url: link.value }).catch(() => {}));
share.hidden = !navigator.share;
// A page without https has no clipboard.
copy.hidden = !navigator.clipboard;
area.hidden = copy.hidden && share.hidden;
