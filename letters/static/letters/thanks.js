// Refresh the letter's page in the browser's cache, so that signers who go back to it see their own name.

const { letter } = document.getElementById("thanks").dataset;

for (const pause of [1_500, 4_000]) {
  setTimeout(() => fetch(letter, { cache: "reload", credentials: "omit" }).catch(() => {}), pause);
}
