// The proof of work: find the counter whose PBKDF2 key (from Web Crypto) starts with the prefix that the server wants.

// The number of simultaneous attempts. The browser spreads them over its cores.
const BATCH_SIZE = 8;

const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");

function password(nonce, counter) {
  const salted = new Uint8Array(nonce.length + 4);
  salted.set(nonce);
  new DataView(salted.buffer).setUint32(nonce.length, counter);
  return salted;
}

async function key(parameters, counter) {
  const raw = password(bytes(parameters.nonce), counter);
  const secret = await crypto.subtle.importKey("raw", raw, "PBKDF2", false, ["deriveBits"]);
  const algorithm = { name: "PBKDF2", hash: "SHA-256", salt: bytes(parameters.salt), iterations: parameters.cost };
  return hex(await crypto.subtle.deriveBits(algorithm, secret, parameters.keyLength * 8));
}

// Call `onProgress` with the share of counters tried so far, between 0 and 1.
export async function solve(parameters, onProgress) {
  const limit = parameters.data.most;
  for (let first = 0; first < limit; first += BATCH_SIZE) {
    const counters = Array.from({ length: BATCH_SIZE }, (_, place) => first + place);
    const keys = await Promise.all(counters.map((counter) => key(parameters, counter)));
    const place = keys.findIndex((candidate) => candidate.startsWith(parameters.keyPrefix));
    if (place >= 0) return { counter: first + place, derivedKey: keys[place] };
    onProgress(first / limit);
  }
  throw new Error("no counter fits");
}

// Encode the solution as the server expects it in the form.
export function asProof(challenge, solution) {
  return btoa(JSON.stringify({ challenge, solution }));
}
