// The form of the editor: its text, and the token that its requests need.

export const form = document.getElementById("editor");
export const body = form?.elements.body;

// After signing in again in another window, the cookie has a newer token than this page.
export function token() {
  const cookie = document.cookie.split("; ").find((each) => /^(csrftoken|__Host-csrf)=/.test(each));
  const field = form.elements.csrfmiddlewaretoken;
  if (cookie) field.value = cookie.slice(cookie.indexOf("=") + 1);
  return field.value;
}

// Replace part of the text so that the browser's own "undo" can reverse it.
export function replace(start, end, text) {
  body.focus();
  body.setSelectionRange(start, end);
  const isDone = text ? document.execCommand("insertText", false, text) : start === end || document.execCommand("delete");
  if (isDone) return;
  body.setRangeText(text, start, end, "end"); // For browsers without that command.
  body.dispatchEvent(new Event("input", { bubbles: true }));
}
