// Says with the form for how many seconds the page was open: machines send it at once, and are asked to calculate.

const form = document.querySelector("form.signing");
form?.addEventListener("submit", () => {
  form.elements.seconds.value = String(Math.floor(performance.now() / 1000));
});
