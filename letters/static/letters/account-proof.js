// Run the browser check of an account form while its fields are being filled in.

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
  // Web Crypto is missing, over plain HTTP or in an old browser. The server's answer says what to do.
  area.hidden = true;
  button.disabled = false;
});
