// Shows how far the files are. Without it, a reload does.

const SECONDS = 2;

async function look() {
  const shown = document.getElementById("exports");
  if (!shown.querySelector("[data-under-way]")) return;
  if (!document.hidden) {
    try {
      const answer = await fetch(location.pathname, { cache: "no-store", redirect: "error" });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      // Whoever stands on a button in it keeps their place.
      if (!shown.contains(document.activeElement)) shown.replaceWith(page.getElementById("exports"));
    } catch {
      // The network is away: the next look may find it.
    }
  }
  setTimeout(look, SECONDS * 1000);
}

setTimeout(look, SECONDS * 1000);
