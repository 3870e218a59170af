// The puzzle of the proof of work: find the counter whose key (PBKDF2, in the browser's own crypto) begins as the server
// says.

// So many tries are under way at a time: the browser spreads them over its cores.
const TOGETHER = 8;

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

// Calls `tell` with the share of all tries that it has made.
export async function solve(parameters, tell) {
  const most = parameters.data.most;
  for (let first = 0; first < most; first += TOGETHER) {
    const counters = Array.from({ length: TOGETHER }, (_, place) => first + place);
    const keys = await Promise.all(counters.map((counter) => key(parameters, counter)));
    const place = keys.findIndex((found) => found.startsWith(parameters.keyPrefix));
    if (place >= 0) return { counter: first + place, derivedKey: keys[place] };
    tell(first / most);
  }
  throw new Error("no counter fits");
}

// As the form sends it.
export function asProof(challenge, solution) {
  return btoa(JSON.stringify({ challenge, solution }));
}
