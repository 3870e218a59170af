// Keep the progress of exports current. Without JavaScript, people reload the page.

const SECONDS = 2;

async function look() {
  const shown = document.getElementById("exports");
  if (!shown.querySelector("[data-under-way]")) return;
  if (!document.hidden) {
    try {
      await refresh(shown);
    } catch {
      // The network or the site is unavailable. Try again at the next refresh.
    }
  }
  setTimeout(look, SECONDS * 1000);
}

async function refresh(shown) {
  const answer = await fetch(location.pathname, { cache: "no-store", redirect: "error" });
  if (!answer.ok) throw new Error(String(answer.status));
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  // Accessibility: do not replace an element that has the focus.
  if (shown.contains(document.activeElement)) return;
  shown.replaceWith(page.getElementById("exports"));
  // Accessibility: announce only the end, not each row.
  const status = document.getElementById("said");
  if (!page.querySelector("[data-under-way]")) status.textContent = status.dataset.words;
}

setTimeout(look, SECONDS * 1000);
