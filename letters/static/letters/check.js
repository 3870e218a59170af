// Keeps the sentence about the mail current while the signer looks for it, and says times as the signer's clock does.

// The address that was typed, which only this tab knows: the page itself never contains it. It stays with this entry of the
// tab's history, and nowhere else.
function typed() {
  try {
    const address = sessionStorage.getItem("typed");
    sessionStorage.removeItem("typed");
    if (address) history.replaceState({ typed: address }, "");
  } catch { /* A private window. */ }
  return history.state?.typed ?? "";
}

const address = typed();
if (address) {
  const said = document.getElementById("typed");
  said.querySelector("b").textContent = address;
  said.hidden = false;
  document.getElementById("again").addEventListener("submit", () => {
    try { sessionStorage.setItem("typed", address); } catch { /* It is not shown again, then. */ }
  });
}

const mail = () => document.getElementById("mail");
// As the server wrote it, with its own times.
let said = mail().textContent;

function localise() {
  for (const time of mail().querySelectorAll("time")) {
    time.textContent = new Date(time.dateTime).toLocaleTimeString(document.documentElement.lang);
  }
}

async function look(pause) {
  const answer = await fetch(location.pathname, { cache: "no-store" });
  if (answer.ok) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("mail");
    // The element stays, and is left alone unless something has changed: a screen reader speaks every change.
    if (fresh.textContent !== said) {
      said = fresh.textContent;
      mail().dataset.state = fresh.dataset.state;
      mail().replaceChildren(...fresh.childNodes);
      localise();
    }
  }
  proceed(pause * 1.3);
}

function proceed(pause) {
  if (["leaving", "delayed"].includes(mail().dataset.state)) {
    setTimeout(() => look(pause).catch(() => proceed(pause * 2)), pause);
  }
}

localise();
// Nothing is told in the first five seconds.
proceed(5_200);
