// Keep a letter's page current: poll the count, and fetch the page when its version has changed.
// Without JavaScript, people reload the page.

const counter = document.querySelector("[data-url]");
const MIN_DELAY = 2_000;
const MAX_DELAY = 60_000;
let delay = MIN_DELAY;
let version = Number(counter.dataset.version);

async function poll() {
  if (!document.hidden) {
    try {
      const answer = await fetch(counter.dataset.url, { credentials: "omit", cache: "no-cache" });
      if (!answer.ok) throw new Error(String(answer.status));
      await handleCount(await answer.json());
    } catch {
      delay = MAX_DELAY; // The network or the site is unavailable. Leave the page as it is, and try again later.
    }
  }
  // Load: the random part spreads the requests of many readers.
  setTimeout(poll, delay * (0.9 + Math.random() * 0.2));
}

async function handleCount(count) {
  // An older count comes from a cache between us and the site. Ignore it: nobody believes a count that goes down.
  if (count.version <= version) {
    delay = Math.min(delay * 1.15, MAX_DELAY);
    return;
  }
  delay = MIN_DELAY;
  await refresh();
}

async function refresh() {
  const answer = await fetch(location.pathname, { credentials: "omit", cache: "no-cache" });
  if (!answer.ok) throw new Error(String(answer.status));
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  // A cache between us and the site may have an older page than the count. Then the next poll fetches the page again.
  const newVersion = Number(page.querySelector("[data-url]").dataset.version);
  if (newVersion < version) return;
  version = newVersion;
  for (const id of ["headline", "apart", "on-paper", "added", "progress", "newest", "ledger-numbers", "so-far"]) {
    const shown = document.getElementById(id);
    const fresh = page.getElementById(id);
    // Accessibility: do not replace an element that has the focus.
    if (shown && fresh && !shown.contains(document.activeElement)) shown.replaceWith(fresh);
  }
}

setTimeout(poll, delay);
