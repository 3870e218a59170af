// Warn beside the email field, before anything is sent, who else could see that we emailed this address.

const field = document.getElementById("sign_email");
const hint = document.getElementById("whose-mail");
// The address about which the server has just asked. It does not need a second warning.
const asked = document.querySelector("input[name=sure]")?.value.toLowerCase();

const isWithin = (domain, listed) => domain === listed || domain.endsWith(`.${listed}`);

function sentenceFor(domain) {
  const { private: names, addressee, employer, exposed } = hint.dataset;
  const personal = names.split(" ");
  const addressees = addressee.split(" ").filter(Boolean);
  if (!domain.includes(".")) return "";
  if (addressees.some((listed) => isWithin(domain, listed))) return exposed.replace("{domain}", domain);
  if (personal.includes(domain) || personal.includes(domain.split(".")[0])) return "";
  return employer.replace("{domain}", domain);
}

function update() {
  const isAsked = Boolean(asked) && field.value.trim().toLowerCase() === asked;
  const sentence = isAsked ? "" : sentenceFor(field.value.split("@").slice(1).pop()?.trim().toLowerCase() ?? "");
  // A screen reader repeats the text whenever it is set, so set it only if it has changed.
  if (hint.textContent !== sentence) hint.textContent = sentence;
}

// The warning moves the page below it. Wait while a pointer is down: otherwise a click on a button below would miss it.
const DELAY = 400;
let pressing = false;
let timer = 0;

function updateSoon() {
  clearTimeout(timer);
  timer = setTimeout(() => (pressing ? updateSoon() : update()), DELAY);
}

if (field && hint) {
  addEventListener("pointerdown", () => { pressing = true; });
  for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => { pressing = false; });
  for (const change of ["input", "change"]) field.addEventListener(change, updateSoon);
  update();
}
