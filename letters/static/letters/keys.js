// Keyboard shortcuts of moderators' pages. A key in a field is a letter, and a key with Ctrl or Alt belongs to the browser.

export function listen(root, actionOf) {
  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea, select")) return;
    const action = actionOf(event.key);
    if (!action) return;
    event.preventDefault();
    action();
  });
}
