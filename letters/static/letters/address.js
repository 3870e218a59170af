// Says beside the field, before anything is sent, who else could see that a mail from us came to this address.

const field = document.getElementById("sign_email");
const hint = document.getElementById("whose-mail");
// The server has just asked about this address: one question at a time.
const asked = document.querySelector("input[name=sure]")?.value.toLowerCase();

const isBelow = (domain, listed) => domain === listed || domain.endsWith(`.${listed}`);

function sentenceFor(domain) {
  const { private: names, addressee, employer, exposed } = hint.dataset;
  const privately = names.split(" ");
  const addressees = addressee.split(" ").filter(Boolean);
  if (!domain.includes(".")) return "";
  if (addressees.some((listed) => isBelow(domain, listed))) return exposed.replace("{domain}", domain);
  if (privately.includes(domain) || privately.includes(domain.split(".")[0])) return "";
  return employer.replace("{domain}", domain);
}

function look() {
  const isAsked = Boolean(asked) && field.value.trim().toLowerCase() === asked;
  const sentence = isAsked ? "" : sentenceFor(field.value.split("@").slice(1).pop()?.trim().toLowerCase() ?? "");
  // Unchanged, it is left alone: a screen reader would say it again.
  if (hint.textContent !== sentence) hint.textContent = sentence;
}

// The sentence moves what stands below it. Not while somebody presses a button there: their click would meet nothing.
const SETTLED = 400;
let pressing = false;
let soon = 0;

function lookSoon() {
  clearTimeout(soon);
  soon = setTimeout(() => (pressing ? lookSoon() : look()), SETTLED);
}

if (field && hint) {
  addEventListener("pointerdown", () => { pressing = true; });
  for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => { pressing = false; });
  for (const change of ["input", "change"]) field.addEventListener(change, lookSoon);
  look();
}
