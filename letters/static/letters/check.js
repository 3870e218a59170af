// Keeps the sentence about the mail current while the signer looks for it, and says times as the signer's clock does.

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
