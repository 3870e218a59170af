// Says with the form for how many seconds the page was open: machines send it at once, and are asked to calculate.
// And which site's link led here: its name alone, never the page on it.

// The next page says which address was typed: in this tab alone, because its URL may be shared. Private windows may refuse.
const keep = (address) => { try { sessionStorage.setItem("typed", address); } catch { /* It is not shown, then. */ } };

const form = document.querySelector("form.signing");
form?.addEventListener("submit", () => {
  form.elements.seconds.value = String(Math.floor(performance.now() / 1000));
  keep(form.elements.email.value.trim());
  const from = document.referrer && new URL(document.referrer);
  if (from && from.host !== location.host) form.elements.via.value = from.hostname;
});
