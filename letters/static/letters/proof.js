// Does the small calculation that is asked for when very many sign, and sends the form by itself.

import { asProof, solve } from "./puzzle.js";

const form = document.querySelector("form.proof");
const area = document.getElementById("calculation");
const bar = area.querySelector("progress");
const words = area.querySelector("[role=status]");
const button = area.querySelector("button");
const without = document.getElementById("without");

// From when on it says how far it has come, and how often.
const SLOW = 4_000;
let nextWord = performance.now() + SLOW;

function tell(share) {
  bar.value = share;
  if (performance.now() > nextWord) {
    nextWord += SLOW;
    words.textContent = words.dataset.slow.replace("{percent}", Math.floor(100 * share));
  }
}

function send(challenge, solution) {
  const field = Object.assign(document.createElement("input"), { type: "hidden", name: "proof" });
  field.value = asProof(challenge, solution);
  form.append(field);
  form.submit();
}

async function calculate() {
  const challenge = JSON.parse(form.dataset.challenge);
  without.hidden = true;
  area.hidden = false;
  words.textContent = words.dataset.working;
  const solution = await solve(challenge.parameters, tell);
  bar.value = 1;
  if ("again" in form.dataset) {
    // Not by itself a second time: should it go wrong for ever, it must not go round for ever.
    words.textContent = words.dataset.press;
    button.parentElement.hidden = false;
    button.addEventListener("click", () => send(challenge, solution), { once: true });
    button.focus();
  } else {
    words.textContent = words.dataset.done;
    send(challenge, solution);
  }
}

calculate().catch(() => {
  // No crypto (a page without https), or an old browser: there is the other way.
  area.hidden = false;
  bar.hidden = true;
  words.textContent = words.dataset.failed;
  without.hidden = false;
});
