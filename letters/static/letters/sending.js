// Keep the page of an update current while it is being sent. Without JavaScript, people reload the page.

const PAUSE = 3_000;
let shownNumbers = "";

async function update() {
  const shown = document.getElementById("progress");
  if (!document.hidden && ["sending", "paused", "stopped"].includes(shown.dataset.state)) {
    const answer = await fetch(shown.dataset.progress, { cache: "no-cache" });
    if (!answer.ok) throw new Error(String(answer.status));
    const { as_of, ...numbers } = await answer.json();
    const newNumbers = JSON.stringify(numbers);
    // This is always true the first time: the numbers may have changed while the page loaded.
    if (newNumbers !== shownNumbers) await refresh(shown);
    shownNumbers = newNumbers;
  }
}

async function refresh(shown) {
  const answer = await fetch(location.pathname, { cache: "no-cache" });
  if (!answer.ok) throw new Error(String(answer.status));
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("progress");
  // Accessibility: if a button in it has the focus, replace only the numbers.
  if (!fresh) return;
  if (!shown.contains(document.activeElement)) shown.replaceWith(fresh);
  else for (const name of ["progress", ".tallies", ".small"]) shown.querySelector(name).replaceWith(fresh.querySelector(name));
}

setInterval(() => update().catch(() => {}), PAUSE);
