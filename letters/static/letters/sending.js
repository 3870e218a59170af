// Keeps the page of an update current while it is being sent. Without it the page says what was true when it was opened.

const PAUSE = 3_000;
let said = "";

async function look() {
  const shown = document.getElementById("standing");
  if (!document.hidden && ["sending", "paused", "stopped"].includes(shown.dataset.state)) {
    const answer = await fetch(shown.dataset.progress, { cache: "no-cache" });
    if (!answer.ok) throw new Error(String(answer.status));
    const { as_of, ...numbers } = await answer.json();
    const says = JSON.stringify(numbers);
    if (says !== said) await refresh(shown); // The first time too: it may have gone on while the page was on its way.
    said = says;
  }
}

async function refresh(shown) {
  const answer = await fetch(location.pathname, { cache: "no-cache" });
  if (!answer.ok) throw new Error(String(answer.status));
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("standing");
  // Whoever stands on a button keeps their place, and sees the numbers all the same.
  if (!fresh) return;
  if (!shown.contains(document.activeElement)) shown.replaceWith(fresh);
  else for (const name of ["progress", ".tallies", ".small"]) shown.querySelector(name).replaceWith(fresh.querySelector(name));
}

setInterval(() => look().catch(() => {}), PAUSE);
