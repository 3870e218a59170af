// Shows how far the files are. Without it, a reload does.

const SECONDS = 2;

async function look() {
  const shown = document.getElementById("exports");
  if (!shown.querySelector("[data-under-way]")) return;
  if (!document.hidden) {
    try {
      await refresh(shown);
    } catch {
      // The network is away: the next look may find it.
    }
  }
  setTimeout(look, SECONDS * 1000);
}

async function refresh(shown) {
  const answer = await fetch(location.pathname, { cache: "no-store", redirect: "error" });
  if (!answer.ok) throw new Error(String(answer.status));
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  // Whoever stands on a button in it keeps their place.
  if (shown.contains(document.activeElement)) return;
  shown.replaceWith(page.getElementById("exports"));
  // Said once, at the end; not each row.
  const said = document.getElementById("said");
  if (!page.querySelector("[data-under-way]")) said.textContent = said.dataset.words;
}

setTimeout(look, SECONDS * 1000);
