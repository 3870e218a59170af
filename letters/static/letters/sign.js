// Send with the form how many seconds the page was open: bots send it at once, and must pass the browser check.
// Also send the name of the website that linked here. Privacy: only its name, never the page.

// Privacy: the next page shows the typed address in this tab only, because people may share its URL.
function keepAddress(address) {
  try {
    if (address) sessionStorage.setItem("typed", address);
    else sessionStorage.removeItem("typed");
  } catch {
    // Without storage, the address is not shown.
  }
}

// A form with a mistake leads back here. An earlier "check your email" must not show the address from that form.
keepAddress("");

const form = document.querySelector("form.signing");
form?.addEventListener("submit", ({ submitter }) => {
  form.elements.seconds.value = String(Math.floor(performance.now() / 1000));
  // The button that accepts a suggested address has it as its value.
  keepAddress(submitter?.name === "use" ? submitter.value : form.elements.email.value.trim());
  const from = document.referrer && new URL(document.referrer);
  if (from && from.host !== location.host) form.elements.via.value = from.hostname;
});
