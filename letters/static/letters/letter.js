// Keeps an open letter's page current: asks for the count, and for the page itself when its version has changed.
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
      if (!answer.ok) throw new Error(String(answer.status));
      await show(await answer.json());
    } catch {
      pause = LONGEST; // The network or the site is away: ask again later, and leave the page as it is.
    }
  }
  // A little chance, so that the readers of a popular letter do not all ask in the same second.
  setTimeout(look, pause * (0.9 + Math.random() * 0.2));
}

async function show(count) {
  // An older one comes from a cache on the way that is behind: a count that goes back would be believed by nobody.
  if (count.version <= version) {
    pause = Math.min(pause * 1.15, LONGEST);
    return;
  }
  pause = SHORTEST;
  await refresh();
}

async function refresh() {
  const answer = await fetch(location.pathname, { credentials: "omit", cache: "no-cache" });
  if (!answer.ok) throw new Error(String(answer.status));
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  // A cache on the way may hold a page that is older than the count: then the next look finds a difference again.
  const found = Number(page.querySelector("[data-url]").dataset.version);
  if (found < version) return;
  version = found;
  for (const id of ["headline", "added", "progress", "newest", "ledger-numbers", "so-far"]) {
    const shown = document.getElementById(id);
    const fresh = page.getElementById(id);
    // Whoever stands on a link in it keeps their place.
    if (shown && fresh && !shown.contains(document.activeElement)) shown.replaceWith(fresh);
  }
}

setTimeout(look, pause);
