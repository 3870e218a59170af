// Says beside the field, before anything is sent, who else could see that a mail from us came to this address.

const field = document.getElementById("sign_email");
const hint = document.getElementById("whose-mail");

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
  const sentence = sentenceFor(field.value.split("@").slice(1).pop()?.trim().toLowerCase() ?? "");
  // Unchanged, it is left alone: a screen reader would say it again.
  if (hint.textContent !== sentence) hint.textContent = sentence;
}

if (field && hint) {
  field.addEventListener("change", look);
  look();
}
