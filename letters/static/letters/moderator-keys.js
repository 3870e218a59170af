// Shortcuts where moderators decide about one thing after another, beside the review queue: second opinions,
// disagreements, and letters. Each key presses, or goes to, a button or link that is on the page anyway.

import { listen } from "./keys.js";

const shortcuts = document.getElementById("shortcuts");
const items = [...document.querySelectorAll("[data-item]")];

const here = () => items.findIndex((each) => each.contains(document.activeElement));

function step(by) {
  const place = here() < 0 ? Math.min(by, 0) + (by > 0 ? 0 : 1) : here() + by;
  const item = items[Math.min(Math.max(place, 0), items.length - 1)];
  (item.matches("[tabindex]") ? item : item.querySelector("a")).focus();
}

// The item that is selected, or the whole page if it is about one thing.
function control(key) {
  const root = items.length ? items[here()] : document;
  return root?.querySelector(`[data-key="${key}"]`);
}

function use(key) {
  const found = control(key);
  // What cannot be undone is only selected: Enter then presses it.
  if (found?.matches("[data-select]")) found.focus();
  else found?.click();
}

const KEYS = {
  j: items.length && (() => step(1)),
  k: items.length && (() => step(-1)),
  a: () => use("a"),
  r: () => use("r"),
  "?": () => (shortcuts.open = !shortcuts.open),
};

if (shortcuts && document.querySelector("[data-item], [data-key]")) {
  shortcuts.hidden = false;
  listen(document, (key) => (["a", "r"].includes(key.toLowerCase()) && !control(key.toLowerCase()) ? null : KEYS[key.toLowerCase()]));
}
