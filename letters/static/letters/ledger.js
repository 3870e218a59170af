// Check a receipt, or the whole record of a letter. `read(path)` returns the bytes of a public file.
// What was found goes to `say(code, values)`; what is wrong is thrown as tlog.Wrong. docs/check-a-letter.md does the same
// in Python.
globalThis.ledger = (() => {
  "use strict";

  const { Wrong, encoder, same } = tlog;
  // Denial of service: a file that someone sent can be as long as they like.
  const LONGEST_RECEIPT = 64 * 1024;
  // Above this many entries, a browser takes too long.
  const MOST_ENTRIES = 1_000_000;
  const AT_ONCE = 8;
  const text = (bytes) => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);

  // The words as the commitment has them: keys in this order, and nothing between.
  const canonical = ({ affiliation, name, role }) => JSON.stringify({ affiliation, name, role });

  async function commitmentTo(words, opening) {
    const key = await crypto.subtle.importKey("raw", opening, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    return tlog.hex(new Uint8Array(await crypto.subtle.sign("HMAC", key, encoder.encode(canonical(words)))));
  }

  // The log of a letter may have been closed and continued: host/log/12, then host/log/12.2
  const letterOf = (origin) => origin.replace(/(\/log\/[0-9]+)\.[0-9]+$/, "$1");
  const hostOf = (origin) => origin.split("/")[0];

  function requireOrigin(origin, expected) {
    if (hostOf(origin) !== hostOf(expected)) throw new Wrong("other-site", { origin });
    if (letterOf(origin) !== letterOf(expected)) throw new Wrong("other-letter", { origin });
  }

  async function requireSigned(checkpoint, keys, say) {
    if (!keys.length) throw new Wrong("unsigned");
    if (!(await tlog.canCheckSignatures())) return say("no-ed25519");
    const { line } = await tlog.signerOf(checkpoint, keys);
    return say("signed", { key: line });
  }

  // Return the receipt in parts. `content` is the text of the file.
  function parseReceipt(content) {
    if (encoder.encode(content).length > LONGEST_RECEIPT) throw new Wrong("too-large");
    const proof = tlog.parseProof(content.replaceAll("\r\n", "\n"));
    let said;
    try {
      said = JSON.parse(text(proof.extra));
    } catch {
      throw new Wrong("cut");
    }
    if (said?.version !== 1) throw new Wrong("newer");
    const { entry, words, opening } = said;
    const isText = (...values) => values.every((value) => typeof value === "string");
    if (!words || !isText(entry, opening, words.name, words.role, words.affiliation)) throw new Wrong("cut");
    return { ...proof, entry, words, opening };
  }

  // Check what the receipt says by itself: the signed state, the place of the entry in it, and the words in the entry.
  async function checkReceipt(content, { origin, keys, say }) {
    const receipt = parseReceipt(content);
    const { checkpoint, index, path, entry, words } = receipt;
    requireOrigin(checkpoint.origin, origin);
    await requireSigned(checkpoint, keys, say);
    const leaf = await tlog.leafHash(encoder.encode(entry));
    const root = await tlog.rootFromProof(leaf, index, checkpoint.size, path);
    if (!same(root, checkpoint.root)) throw new Wrong("proof");
    say("included", { index, size: checkpoint.size });
    const found = /^undersigned\/1 (?:publish ([0-9]+) [0-9]+ \S+|words ([0-9]+)) ([0-9a-f]{64})$/.exec(entry);
    if (!found || (await commitmentTo(words, tlog.fromHex(receipt.opening))) !== found[3]) throw new Wrong("words");
    const shown = [words.name, words.role, words.affiliation].filter(Boolean).join(", ");
    const number = Number(found[1] ?? found[2]);
    say(shown ? "opened" : "opened-nameless", { number, words: shown });
    return { ...receipt, number };
  }

  // Entries

  async function readEntries(checkpoint, { read, progress }) {
    if (checkpoint.size > MOST_ENTRIES) throw new Wrong("too-many", { size: checkpoint.size });
    const paths = tlog.bundlePaths(checkpoint.size);
    const entries = [];
    for (let at = 0; at < paths.length; at += AT_ONCE) {
      const bundles = paths.slice(at, at + AT_ONCE).map(async ({ path, full, width }) =>
        tlog.parseBundle(await read(path, full), width));
      for (const bundle of await Promise.all(bundles)) entries.push(...bundle);
      progress?.(entries.length, checkpoint.size);
    }
    return entries;
  }

  // What each kind of entry does to the signature of a number.
  const MOVES = {
    withdraw: ["published", "withdrawn"],
    remove: ["published", "removed"],
    restore: ["removed", "published"],
  };

  // Add the entries up. Return each signature's state and text by its number. Throws at an entry that cannot be.
  function fold(entries) {
    const signatures = new Map();
    let last = 0;
    entries.forEach((entry, index) => {
      const [version, kind, first, second] = entry.split(" ");
      const wrong = () => new Wrong("entry", { index, entry });
      const row = signatures.get(first);
      // A log that continues a closed one has its entries, and then one that says so.
      const isAtItsPlace = kind === "begin" ? index === 0 || second === "continues" : index > 0;
      if (version !== "undersigned/1" || !isAtItsPlace) throw wrong();
      if (kind === "publish") {
        if (!(Number(first) > last)) throw wrong();
        last = Number(first);
        signatures.set(first, { state: "published", text: second });
      } else if (MOVES[kind]) {
        const [before, after] = MOVES[kind];
        if (row?.state !== before) throw wrong();
        row.state = after;
      } else if (kind === "carry") {
        if (!row) throw wrong();
        row.text = second;
      } else if (kind === "words" && !row) {
        throw wrong();
      } else if (!["begin", "words", "text", "counts"].includes(kind)) {
        throw wrong();
      }
    });
    return signatures;
  }

  function countsOf(signatures) {
    const counts = { published: 0, withdrawn: 0, removed: 0, texts: {} };
    for (const { state, text: number } of signatures.values()) {
      counts[state] += 1;
      if (state === "published") counts.texts[number] = (counts.texts[number] ?? 0) + 1;
    }
    return counts;
  }

  async function readCheckpoint(read) {
    const bytes = await read("checkpoint");
    try {
      return tlog.parseCheckpoint(text(bytes));
    } catch {
      throw new Wrong("no-record");
    }
  }

  // Check every entry of the letter's record as it is now. Return the signatures by number, and the hashes.
  async function checkRecord({ origin, keys, read, say, progress }) {
    const checkpoint = await readCheckpoint(read);
    if (checkpoint.origin !== origin) requireOrigin(checkpoint.origin, origin);
    await requireSigned(checkpoint, keys, say);
    const entries = await readEntries(checkpoint, { read, progress });
    const hashes = await Promise.all(entries.map(tlog.leafHash));
    if (!same(await tlog.rootOf(hashes), checkpoint.root)) throw new Wrong("tiles");
    say("complete", { size: checkpoint.size });
    return { checkpoint, hashes, signatures: fold(entries.map(text)) };
  }

  // Check that nothing before the receipt has been changed since, and say what has become of its signature.
  async function compare(receipt, { checkpoint, hashes, signatures }, say) {
    const { origin, size, root } = receipt.checkpoint;
    const isKept = size <= checkpoint.size && same(await tlog.rootOf(hashes.slice(0, size)), root);
    // A log that was closed goes on in another one, perhaps without its last entries.
    if (!isKept && origin !== checkpoint.origin) return say("earlier-record", { origin });
    if (size > checkpoint.size) throw new Wrong("later", { size, now: checkpoint.size });
    if (!isKept) throw new Wrong("rewritten", { size });
    say("kept", { size });
    return say(`is-${signatures.get(String(receipt.number)).state}`, { number: receipt.number });
  }

  return { checkReceipt, checkRecord, commitmentTo, compare, countsOf, fold };
})();
