// Keep the page of a bulk decision current while a worker carries it out. Without JavaScript, people reload the page.

const PAUSE = 3_000;

async function update() {
  const shown = document.getElementById("progress");
  if (document.hidden || !["asked", "running", "undoing"].includes(shown.dataset.state)) return;
  const answer = await fetch(location.pathname, { cache: "no-cache" });
  if (!answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("progress");
  // Accessibility: if a button has the focus, replace only the numbers.
  if (!fresh) return;
  if (!shown.contains(document.activeElement)) shown.replaceWith(fresh);
  else for (const part of [".lead", "progress", ".figures"]) shown.querySelector(part).replaceWith(fresh.querySelector(part));
}

setInterval(() => update().catch(() => {}), PAUSE);
