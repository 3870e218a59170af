// Privacy: remove the token from the address bar and the history, because people copy that address to share a page.

history.replaceState(null, "", document.getElementById("private").dataset.thanks);
