// Run the browser check, which is required when very many people sign, then submit the form.

import { asProof, solve } from "./puzzle.js";

const form = document.querySelector("form.proof");
const area = document.getElementById("calculation");
const bar = area.querySelector("progress");
const status = area.querySelector("[role=status]");
const button = area.querySelector("button");
const fallback = document.getElementById("without");

// After this many milliseconds, and then at this interval, announce the progress.
const SLOW = 4_000;
let nextMessage = performance.now() + SLOW;

function showProgress(share) {
  bar.value = share;
  if (performance.now() > nextMessage) {
    nextMessage += SLOW;
    status.textContent = status.dataset.slow.replace("{percent}", Math.floor(100 * share));
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
  fallback.hidden = true;
  area.hidden = false;
  status.textContent = status.dataset.working;
  const solution = await solve(challenge.parameters, showProgress);
  bar.value = 1;
  if ("again" in form.dataset) {
    // The server rejected the first proof. Wait for a click, so that a permanent failure does not become a loop.
    status.textContent = status.dataset.press;
    button.parentElement.hidden = false;
    button.addEventListener("click", () => send(challenge, solution), { once: true });
    button.focus();
  } else {
    status.textContent = status.dataset.done;
    send(challenge, solution);
  }
}

calculate().catch(() => {
  // Web Crypto is missing, over plain HTTP or in an old browser. Offer to send the form and skip the check.
  area.hidden = false;
  bar.hidden = true;
  status.textContent = status.dataset.failed;
  fallback.hidden = false;
});
