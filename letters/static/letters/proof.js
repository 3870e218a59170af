// Does the small calculation that is asked for when very many sign, and sends the form by itself.
// It looks for the counter whose key (PBKDF2, in the browser's own crypto) begins as the server says.

const form = document.querySelector("form.proof");
const area = document.getElementById("calculation");
const bar = area.querySelector("progress");
const words = area.querySelector("[role=status]");
const button = area.querySelector("button");
const without = document.getElementById("without");

// So many tries are under way at a time: the browser spreads them over its cores.
const TOGETHER = 8;
// From when on it says how far it has come, and how often.
const SLOW = 4_000;

const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");

function password(nonce, counter) {
  const found = new Uint8Array(nonce.length + 4);
  found.set(nonce);
  new DataView(found.buffer).setUint32(nonce.length, counter);
  return found;
}

async function key(parameters, counter) {
  const raw = password(bytes(parameters.nonce), counter);
  const secret = await crypto.subtle.importKey("raw", raw, "PBKDF2", false, ["deriveBits"]);
  const way = { name: "PBKDF2", hash: "SHA-256", salt: bytes(parameters.salt), iterations: parameters.cost };
  return hex(await crypto.subtle.deriveBits(way, secret, parameters.keyLength * 8));
}

async function solve(parameters) {
  const most = parameters.data.most;
  let nextWord = performance.now() + SLOW;
  for (let first = 0; first < most; first += TOGETHER) {
    const counters = Array.from({ length: TOGETHER }, (_, place) => first + place);
    const keys = await Promise.all(counters.map((counter) => key(parameters, counter)));
    const place = keys.findIndex((found) => found.startsWith(parameters.keyPrefix));
    if (place >= 0) return { counter: first + place, derivedKey: keys[place] };
    bar.value = first / most;
    if (performance.now() > nextWord) {
      nextWord += SLOW;
      words.textContent = words.dataset.slow.replace("{percent}", Math.floor((100 * first) / most));
    }
  }
  throw new Error("no counter fits");
}

function send(challenge, solution) {
  const field = Object.assign(document.createElement("input"), { type: "hidden", name: "proof" });
  field.value = btoa(JSON.stringify({ challenge, solution }));
  form.append(field);
  form.submit();
}

async function calculate() {
  const challenge = JSON.parse(form.dataset.challenge);
  without.hidden = true;
  area.hidden = false;
  words.textContent = words.dataset.working;
  const solution = await solve(challenge.parameters);
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
