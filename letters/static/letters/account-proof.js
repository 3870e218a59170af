// Solves the puzzle in a form of the account pages while its fields are being filled in.

import { asProof, solve } from "./puzzle.js";

const area = document.getElementById("puzzle");
const form = area.closest("form");
const button = form.querySelector("button[type=submit]");

async function calculate() {
  const challenge = JSON.parse(area.dataset.challenge);
  const solution = await solve(challenge.parameters, () => {});
  const field = Object.assign(document.createElement("input"), { type: "hidden", name: "proof" });
  field.value = asProof(challenge, solution);
  form.append(field);
  area.textContent = area.dataset.done;
  button.disabled = false;
}

area.hidden = false;
area.textContent = area.dataset.working;
button.disabled = true;
calculate().catch(() => {
  // No crypto (a page without https), or an old browser. The server says what to do.
  area.hidden = true;
  button.disabled = false;
});
