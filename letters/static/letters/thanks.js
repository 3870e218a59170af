// Shows the signer's number when the sequencer has given it, and freshens the letter's page in the browser's cache,
// so that the signer who goes back to it finds their own name there.

const waiting = () => document.getElementById("standing");

async function look(pause) {
  const answer = await fetch(location.href, { cache: "no-store" });
  if (answer.ok) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("standing");
    waiting().dataset.state = fresh.dataset.state;
    waiting().replaceChildren(...fresh.childNodes); // The element stays: it is what a screen reader listens to.
  }
  proceed(pause * 1.3);
}

function proceed(pause) {
  const { state, letter } = waiting().dataset;
  if (state === "confirmed") setTimeout(() => look(pause).catch(() => proceed(pause * 2)), pause);
  else if (state === "published") setTimeout(() => fetch(letter, { cache: "reload", credentials: "omit" }), 600);
}

proceed(500);
