// Copy or share the address of a link. Without JavaScript, people copy it by hand.

function linked(button, name) {
  return document.getElementById(button.dataset[name]);
}

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  const words = button.textContent;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(linked(button, "copy").href);
    button.textContent = button.dataset.done;
    setTimeout(() => (button.textContent = words), 3000);
  });
}

for (const button of document.querySelectorAll("[data-share]")) {
  if (!navigator.share) continue;
  button.hidden = false;
  button.addEventListener("click", () => {
    // The person or the system refused. Say nothing: the link is still on the page.
    navigator.share({ url: linked(button, "share").href }).catch(() => {});
  });
}
