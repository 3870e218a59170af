// Read and check a transparency log (c2sp.org/tlog-tiles, tlog-checkpoint, signed-note, tlog-proof) with the browser alone.
// Nothing here knows the page or the network: verify.js does.
//
// A classic script, not a module: browsers load no modules for a page that was opened from a folder.
globalThis.tlog = (() => {
  "use strict";

  // What is wrong, as a code: the page has a sentence for each. `values` fill the sentence.
  class Wrong extends Error {
    constructor(code, values = {}) {
      super(code);
      this.code = code;
      this.values = values;
    }
  }

  const encoder = new TextEncoder();
  const FULL = 256;
  const HASH = 32;
  const ED25519 = 1;

  const joined = (...parts) => {
    const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  };
  const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const same = (one, other) => one.length === other.length && one.every((byte, place) => byte === other[place]);
  const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

  function fromHex(text) {
    if (!/^(?:[0-9a-f]{2})*$/.test(text)) throw new Wrong("cut");
    return new Uint8Array((text.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16)));
  }

  // Only the one spelling that the formats allow: padded, without spaces.
  function fromBase64(text) {
    try {
      const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
      if (btoa(String.fromCharCode(...bytes)) === text) return bytes;
    } catch { /* Not base64: said below. */ }
    throw new Wrong("cut");
  }

  function fromDecimal(text) {
    if (!/^(?:0|[1-9][0-9]{0,14})$/.test(text ?? "")) throw new Wrong("cut");
    return Number(text);
  }

  // Hashes, as in RFC 6962, section 2.1.

  const leafHash = (data) => sha256(joined([0], data));
  const nodeHash = (left, right) => sha256(joined([1], left, right));

  async function rootOf(leaves) {
    if (!leaves.length) return sha256(new Uint8Array());
    let level = leaves;
    while (level.length > 1) {
      const above = [];
      for (let place = 0; place < level.length; place += 2) {
        above.push(place + 1 < level.length ? nodeHash(level[place], level[place + 1]) : level[place]);
      }
      level = await Promise.all(above);
    }
    return level[0];
  }

  // RFC 9162, section 2.1.3.2. Throws if the proof is too long or too short for this place.
  async function rootFromProof(leaf, index, size, path) {
    if (index >= size) throw new Wrong("proof");
    let [place, last, hash] = [index, size - 1, leaf];
    for (const other of path) {
      if (last === 0) throw new Wrong("proof");
      if (place % 2 || place === last) {
        hash = await nodeHash(other, hash);
        while (place % 2 === 0 && place !== 0) [place, last] = [place / 2, Math.floor(last / 2)];
      } else {
        hash = await nodeHash(hash, other);
      }
      [place, last] = [Math.floor(place / 2), Math.floor(last / 2)];
    }
    if (last !== 0) throw new Wrong("proof");
    return hash;
  }

  // Signed notes and checkpoints

  function parseSignature(line) {
    const parts = line.split(" ");
    if (parts.length !== 3 || parts[0] !== "\u2014") throw new Wrong("cut");
    const bytes = fromBase64(parts[2]);
    return { name: parts[1], id: hex(bytes.slice(0, 4)), signature: bytes.slice(4) };
  }

  function parseCheckpoint(text) {
    const end = text.lastIndexOf("\n\n");
    if (end < 0 || !text.endsWith("\n")) throw new Wrong("cut");
    const body = text.slice(0, end + 1);
    const [origin, size, root] = body.split("\n");
    const signatures = text.slice(end + 2, -1).split("\n").map(parseSignature);
    const hash = fromBase64(root ?? "");
    if (!origin || hash.length !== HASH) throw new Wrong("cut");
    return { origin, size: fromDecimal(size), root: hash, body, signatures };
  }

  // The Ed25519 keys of a file with one key a line. Lines that are no keys, and keys of other kinds, are left out.
  function parseKeys(text) {
    const keys = [];
    for (const line of text.split("\n")) {
      const found = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(line.trim());
      const bytes = found && fromBase64(found[3]);
      if (bytes?.[0] === ED25519 && bytes.length === 1 + HASH) keys.push({ line: line.trim(), name: found[1], id: found[2], bytes: bytes.slice(1) });
    }
    return keys;
  }

  // Whether this browser can check Ed25519 signatures. Older ones cannot.
  async function canCheckSignatures() {
    try {
      return Boolean(await crypto.subtle.importKey("raw", new Uint8Array(HASH), "Ed25519", false, ["verify"]));
    } catch {
      return false;
    }
  }

  // The log of a letter is named after its origin, and so is its key. One key signs all logs of a site.
  async function isOf(key, name, id, origin) {
    if (key.name === name && key.id === id) return true;
    const digest = await sha256(joined(encoder.encode(`${origin}\n`), [ED25519], key.bytes));
    return name === origin && id === hex(digest.slice(0, 4));
  }

  // Return the key that signed. Throws if none of these keys did, or if a signature of one of them is false.
  async function signerOf(checkpoint, keys) {
    let signer = null;
    for (const { name, id, signature } of checkpoint.signatures) {
      const fits = await Promise.all(keys.map((each) => isOf(each, name, id, checkpoint.origin)));
      const key = keys[fits.indexOf(true)];
      if (!key) continue;
      const imported = await crypto.subtle.importKey("raw", key.bytes, "Ed25519", false, ["verify"]);
      const text = encoder.encode(checkpoint.body);
      if (!(await crypto.subtle.verify("Ed25519", imported, signature, text))) throw new Wrong("signature");
      signer = key;
    }
    if (!signer) throw new Wrong("unsigned");
    return signer;
  }

  // Tiles of entries

  // The paths of all bundles of a log of this size, under its address.
  function bundlePaths(size) {
    const paths = [];
    for (let number = 0; number * FULL < size; number += 1) {
      const width = Math.min(size - number * FULL, FULL);
      const groups = String(number).padStart(Math.ceil(String(number).length / 3) * 3, "0").match(/.../g);
      const place = groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join("/");
      paths.push({ path: `tile/entries/${place}${width < FULL ? `.p/${width}` : ""}`, full: `tile/entries/${place}`, width });
    }
    return paths;
  }

  // Return the entries of a bundle as bytes. A full bundle may stand in for a partial one, so more may come than asked.
  function parseBundle(bytes, width) {
    const entries = [];
    for (let at = 0; at < bytes.length && entries.length < width;) {
      const long = bytes[at] * 256 + bytes[at + 1];
      entries.push(bytes.slice(at + 2, at + 2 + long));
      at += 2 + long;
      if (!(at <= bytes.length)) throw new Wrong("tiles");
    }
    if (entries.length !== width) throw new Wrong("tiles");
    return entries;
  }

  // Proofs (c2sp.org/tlog-proof@v1)

  function parseProof(text) {
    const lines = text.split("\n");
    if (lines.shift() !== "c2sp.org/tlog-proof@v1") throw new Wrong("no-receipt");
    const extra = lines[0]?.startsWith("extra ") ? fromBase64(lines.shift().slice("extra ".length)) : null;
    if (!lines[0]?.startsWith("index ")) throw new Wrong("cut");
    const index = fromDecimal(lines.shift().slice("index ".length));
    const gap = lines.indexOf("");
    if (gap < 0) throw new Wrong("cut");
    const path = lines.slice(0, gap).map(fromBase64);
    if (path.some((hash) => hash.length !== HASH)) throw new Wrong("cut");
    return { extra, index, path, checkpoint: parseCheckpoint(lines.slice(gap + 1).join("\n")) };
  }

  return {
    Wrong, bundlePaths, canCheckSignatures, encoder, fromHex, hex, leafHash, parseBundle, parseCheckpoint, parseKeys, parseProof,
    rootFromProof, rootOf, same, signerOf,
  };
})();
