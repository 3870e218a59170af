// Keeps an open letter's page current: the number at once, the newest names when they have changed.
// Without it the page says what was true when it was opened.

const counter = document.querySelector("[data-url]");
const SHORTEST = 2_000;
const LONGEST = 60_000;
let pause = SHORTEST;
let version = Number(counter.dataset.version);

async function look() {
  if (!document.hidden) {
    try {
      const answer = await fetch(counter.dataset.url, { credentials: "omit", cache: "no-cache" });
      if (answer.ok) show(await answer.json());
    } catch {
      pause = LONGEST; // The network is away: ask again later, and leave the page as it is.
    }
  }
  // A little chance, so that the readers of a popular letter do not all ask in the same second.
  setTimeout(look, pause * (0.9 + Math.random() * 0.2));
}

async function show(count) {
  if (count.version === version) {
    pause = Math.min(pause * 1.15, LONGEST);
    return;
  }
  version = count.version;
  pause = SHORTEST;
  const number = new Intl.NumberFormat(document.documentElement.lang).format(count.published);
  for (const place of document.querySelectorAll("[data-count]")) place.textContent = number;
  const bar = counter.querySelector("progress");
  if (bar) bar.value = count.published;
  await showNames();
}

async function showNames() {
  const answer = await fetch(location.pathname, { credentials: "omit", cache: "no-cache" });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const id of ["newest", "ledger-numbers"]) {
    const fresh = page.getElementById(id);
    if (fresh) document.getElementById(id)?.replaceWith(fresh);
  }
}

setTimeout(look, pause);
