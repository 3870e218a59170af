// Freshens the letter's page in the browser's cache, so that a signer who goes back to it finds their own name there.

const { letter } = document.getElementById("thanks").dataset;

for (const pause of [1_500, 4_000]) {
  setTimeout(() => fetch(letter, { cache: "reload", credentials: "omit" }).catch(() => {}), pause);
}
