// Convert clipboard HTML from Word, Google Docs, LibreOffice and web pages to Markdown. Formatting that Markdown lacks and
// pictures from elsewhere are dropped. The text is parsed in a document that loads and runs nothing.

const DROPPED = "script, style, meta, link, title, template, noscript, svg, object, iframe, video, audio, button, select";
const BLOCKS = /^(ADDRESS|ARTICLE|ASIDE|BLOCKQUOTE|BODY|CENTER|DD|DETAILS|DIV|DL|DT|FIGCAPTION|FIGURE|FOOTER|FORM|H[1-6]|HEADER|HR|LI|MAIN|NAV|OL|P|PRE|SECTION|TABLE|UL)$/;
const PLAIN = { bold: false, italic: false, struck: false, href: "" };
const SOLID = { ...PLAIN, isHeading: true };
const NOTE = /^\s*\[?(\d{1,3})\]?\s*$/;

// Return Markdown, or "" if the HTML has no formatting.
export function markdownOf(html) {
  const parsed = new DOMParser().parseFromString(quiet(html), "text/html").body;
  for (const each of parsed.querySelectorAll(DROPPED)) each.remove();
  // Word draws a line above its footnotes.
  for (const each of parsed.querySelectorAll('[data-style*="mso-element:footnote-list" i] hr')) each.remove();
  const notes = takeNotes(parsed);
  const blocks = [...blocksOf(parsed, PLAIN), ...notes];
  return blocks.some((block) => block.hasForm) ? joined(blocks) : "";
}

// The Content Security Policy blocks and reports style attributes and handlers, so styles are read under another name.
function quiet(html) {
  const tags = html.replace(/<style\b.*?<\/style>/gis, "");
  return tags.replace(/<[a-z][^>]*>/gi, (tag) => tag.replace(/\s(style|on[a-z]+)\s*=/gi, " data-$1="));
}

// One line break between items of a list, two between other blocks.
function joined(blocks) {
  return blocks.reduce((text, block, number) => {
    const isTight = block.isItem && blocks[number - 1]?.isItem;
    return text + (number ? (isTight ? "\n" : "\n\n") : "") + block.text;
  }, "");
}

const block = (text, more = {}) => ({ text, hasForm: false, ...more });
const indented = (text, by) => text.replace(/\n(?=[^\n])/g, `\n${" ".repeat(by)}`);

const styleOf = (element) => element.dataset.style ?? "";
const styled = (element, name) => new RegExp(`(?:^|;)\\s*${name}\\s*:\\s*([^;]+)`, "i").exec(styleOf(element))?.[1].trim() ?? "";

// Blocks

function isBlock(node) {
  return node.nodeType === Node.ELEMENT_NODE && (BLOCKS.test(node.tagName) || [...node.children].some(isBlock));
}

function blocksOf(parent, format) {
  const found = [];
  let runs = [];
  const flush = () => {
    const text = inline(runs).trim();
    if (text) found.push(block(text, { hasForm: runs.some(hasForm) }));
    runs = [];
  };
  for (const child of parent.childNodes) {
    if (!isBlock(child)) {
      runs.push(...runsOf(child, format));
      continue;
    }
    flush();
    found.push(...blockOf(child, format));
  }
  flush();
  return found;
}

function blockOf(element, format) {
  const level = levelOf(element);
  if (level) return headings(element, level);
  if (itemOfWord(element)) return [wordItem(element, format)];
  switch (element.tagName) {
    case "UL":
    case "OL":
      return items(element, format, 0);
    case "BLOCKQUOTE":
      return quoted(blocksOf(element, format));
    case "PRE":
      return [block(`\`\`\`\n${element.textContent.replace(/\n$/, "")}\n\`\`\``, { hasForm: true })];
    case "HR":
      return [block("---", { hasForm: true })];
    case "TABLE":
      return table(element, format);
    default:
      return blocksOf(element, formatOf(element, format));
  }
}

function levelOf(element) {
  if (/^H[1-6]$/.test(element.tagName)) return Number(element.tagName[1]);
  return /^MsoTitle$/i.test(element.className) ? 1 : 0;
}

function headings(element, level) {
  const text = inline(runsOf(element, SOLID)).replace(/\s*\n\s*/g, " ").trim();
  return text ? [block(`${"#".repeat(level)} ${text}`, { hasForm: true })] : [];
}

function quoted(blocks) {
  return blocks.length ? [block(joined(blocks).replace(/^/gm, "> ").replace(/^> $/gm, ">"), { hasForm: true })] : [];
}

// Lists. Google Docs puts a list inside a list beside its items.
function items(list, format, depth) {
  let number = Number(list.getAttribute("start")) || 1;
  return [...list.children].flatMap((child) => {
    if (/^[UO]L$/.test(child.tagName)) return items(child, format, depth + 1);
    const sign = list.tagName === "OL" ? `${Number(child.getAttribute("value")) || number}. ` : "- ";
    number += 1;
    return item(child, sign, format, depth);
  });
}

function item(element, sign, format, depth) {
  const inner = element.cloneNode(true);
  const lists = [...inner.querySelectorAll("ul, ol")].filter((each) => !each.parentElement.closest("ul, ol"));
  for (const each of lists) each.remove();
  const margin = 4 * depth;
  const text = blocksOf(inner, format).map((each) => each.text).join("\n\n");
  const line = " ".repeat(margin) + sign + indented(text, margin + sign.length);
  const own = text ? [block(line, { isItem: true, hasForm: true })] : [];
  return [...own, ...lists.flatMap((each) => items(each, format, depth + 1))];
}

// Word has styled paragraphs instead of lists, and writes the bullet into the text.
const itemOfWord = (element) => element.tagName === "P" && /mso-list:\s*l\d+\s+level\d/i.test(styleOf(element));

function wordItem(paragraph, format) {
  const inner = paragraph.cloneNode(true);
  const marker = [...inner.querySelectorAll("span")].find((span) => /mso-list:\s*Ignore/i.test(styleOf(span)));
  const number = /^\W*(\d+)[.)]/.exec(marker?.textContent ?? "")?.[1];
  const isOrdered = number || /^\W*[a-z]{1,4}[.)]/i.test(marker?.textContent ?? "");
  marker?.remove();
  const depth = Number(/level(\d+)/i.exec(styleOf(paragraph))[1]) - 1;
  const sign = isOrdered ? `${number ?? 1}. ` : "- ";
  const text = inline(runsOf(inner, format)).trim();
  return block(" ".repeat(4 * depth) + sign + indented(text, 4 * depth + sign.length), { isItem: true, hasForm: true });
}

function table(element, format) {
  const rows = [...element.rows].map((row) => [...row.cells]);
  const width = Math.max(0, ...rows.map((row) => row.length));
  // A table with one column is a frame around text.
  if (width < 2) return rows.flat().flatMap((cell) => blocksOf(cell, format));
  const lines = rows.map((row) => {
    const cells = row.map((cell) => blocksOf(cell, cell.tagName === "TH" ? SOLID : format).map((each) => each.text).join(" "));
    const texts = cells.map((text) => text.replace(/\s*\n\s*/g, " ").replace(/\|/g, "\\|"));
    return `| ${[...texts, ...Array(width - texts.length).fill("")].join(" | ")} |`;
  });
  lines.splice(1, 0, `|${" --- |".repeat(width)}`);
  return [block(lines.join("\n"), { hasForm: true })];
}

// Footnotes: a number that links to a number further down, which links back.

function takeNotes(parsed) {
  const links = [...parsed.querySelectorAll("a[href*='#']")].filter((link) => NOTE.test(link.textContent));
  const idOf = (link) => decodeURIComponent(link.getAttribute("href").split("#")[1] ?? "");
  const targets = (link) => [link, link.closest("[id], [name]")].filter(Boolean);
  const isAt = (link, id) => id && targets(link).some((each) => each.id === id || each.getAttribute("name") === id);
  const notes = [];
  for (const reference of links) {
    const mark = links.slice(links.indexOf(reference) + 1).find((link) => isAt(link, idOf(reference)));
    const note = mark?.closest("li, p, div");
    if (!note || !isAt(reference, idOf(mark))) continue;
    const label = `[^${NOTE.exec(reference.textContent)[1]}]`;
    (mark.closest("sup") ?? mark).remove();
    notes.push(block(`${label}: ${inline(runsOf(note, PLAIN)).trim()}`, { hasForm: true, isItem: true }));
    note.remove();
    const at = reference.closest("sup") ?? reference;
    at.replaceWith(Object.assign(document.createElement("span"), { className: "undersigned-note", textContent: label }));
  }
  return notes;
}

// Inline text: a list of runs with one format each, so that "<b>one</b><b> two</b>" becomes one run.

const hasForm = (run) => run.bold || run.italic || run.struck || run.href || run.isNote;

function formatOf(element, format) {
  const { tagName } = element;
  const weight = styled(element, "font-weight");
  const slant = styled(element, "font-style");
  let { bold, italic, struck, href } = format;
  if (/^(B|STRONG)$/.test(tagName)) bold = true;
  if (/^(I|EM|CITE|DFN)$/.test(tagName)) italic = true;
  if (/^(S|STRIKE|DEL)$/.test(tagName) || /line-through/.test(styled(element, "text-decoration(?:-line)?"))) struck = true;
  // Google Docs wraps everything it copies in <b style="font-weight: normal">.
  if (weight) bold = /^(bold|bolder|[6-9]00)$/.test(weight);
  if (slant) italic = /italic|oblique/.test(slant);
  if (tagName === "A") href = addressOf(element) || href;
  return { ...format, bold: bold && !format.isHeading, italic, struck, href };
}

function addressOf(link) {
  const address = link.getAttribute("href")?.trim() ?? "";
  if (!/^(https?:\/\/|mailto:)/i.test(address)) return "";
  const inside = /^https:\/\/www\.google\.com\/url\?(.*)/.exec(address);
  const target = (inside && new URLSearchParams(inside[1]).get("q")) || address;
  return target.replace(/[\s()<>]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
}

function runsOf(node, format) {
  if (node.nodeType === Node.TEXT_NODE) return [{ ...format, text: escaped(node.data.replace(/[ \t\r\n]+/g, " ")) }];
  if (node.nodeType !== Node.ELEMENT_NODE || isHidden(node)) return [];
  if (node.tagName === "BR") return [{ ...format, text: "\n" }];
  if (node.className === "undersigned-note") return [{ ...PLAIN, text: node.textContent, isNote: true }];
  const inner = formatOf(node, format);
  return [...node.childNodes].flatMap((child) => runsOf(child, inner));
}

const isHidden = (element) => styled(element, "display") === "none" || /mso-hide:\s*all/i.test(styleOf(element));

// Escape characters that Markdown would misread. A mark inside a word or between spaces needs no escape.
function escaped(text) {
  return text.split(/(https?:\/\/\S+)/).map((part, number) => (number % 2 ? part : escapedWords(part))).join("");
}

function escapedWords(text) {
  return text
    .replace(/\u00a0/g, " ")
    .replace(/\\(?=[!-/:-@[-`{-~])/g, "\\\\")
    .replace(/(?<![\p{L}\p{N}])[*_](?!\s)|(?<!\s)[*_](?![\p{L}\p{N}])/gu, "\\$&")
    .replace(/`|~~|\^(?=\[)|\[(?=\^|[^\]]*\]\()|<(?=[a-z/!])/gi, "\\$&");
}

function inline(runs) {
  const text = withMarks(runs, ["href", "bold", "italic", "struck"]);
  return text.replace(/ *\n */g, "\n").replace(/ {2,}/g, " ").replace(/^(\s*)(#{1,6}\s|>)/gm, "$1\\$2");
}

const MARKS = { bold: "**", italic: "*", struck: "~~" };

function withMarks(runs, [kind, ...kinds]) {
  if (!kind) return runs.map((run) => run.text).join("");
  const groups = runs.reduce((found, run) => {
    const last = found.at(-1);
    // A space between two runs with the same format has that format too.
    if (last && (last[0][kind] === run[kind] || (kind !== "href" && !run.text.trim()))) last.push(run);
    else found.push([run]);
    return found;
  }, []);
  return groups.map((group) => marked(withMarks(group, kinds), kind, group[0][kind])).join("");
}

function marked(text, kind, value) {
  const [, before, words, after] = /^(\s*)(.*?)(\s*)$/s.exec(text);
  if (!value || !words) return text;
  if (kind !== "href") return before + MARKS[kind] + words + MARKS[kind] + after;
  const isAddress = words.replace(/\\/g, "") === value || `mailto:${words}` === value;
  return before + (isAddress ? words.replace(/\\/g, "") : `[${words.replace(/\n/g, " ").replace(/[[\]]/g, "\\$&")}](${value})`) + after;
}
