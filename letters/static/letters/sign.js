// Says with the form for how many seconds the page was open: machines send it at once, and are asked to calculate.
// And which site's link led here: its name alone, never the page on it.

const form = document.querySelector("form.signing");
form?.addEventListener("submit", () => {
  form.elements.seconds.value = String(Math.floor(performance.now() / 1000));
  const from = document.referrer && new URL(document.referrer);
  if (from && from.host !== location.host) form.elements.via.value = from.hostname;
});
