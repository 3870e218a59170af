// Keyboard shortcuts of moderators' pages. A key in a field is a letter, and a key with Ctrl or Alt belongs to the browser.

export function listen(root, actionOf) {
  root.addEventListener("keydown", (event) => {
    // A key that is held down, also while the next page comes, moves on and decides nothing more.
    if (event.repeat && !"jk".includes(event.key.toLowerCase())) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea, select")) return;
    const action = actionOf(event.key);
    if (!action) return;
    event.preventDefault();
    action();
  });
}
