// Puts an address without a token into the address bar and the history: it is what people copy when they share a page.

history.replaceState(null, "", document.getElementById("private").dataset.thanks);
