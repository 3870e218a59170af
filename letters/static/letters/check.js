// Keep the sentence about the email current while the signer looks for it, and show times in the signer's time zone.

// Privacy: only this tab knows the address that was typed. It is kept in the tab's history, and the server's page never
// contains it.
function readTypedAddress() {
  try {
    const address = sessionStorage.getItem("typed");
    sessionStorage.removeItem("typed");
    if (address) history.replaceState({ typed: address }, "");
  } catch { /* Some private windows allow no storage. */ }
  return history.state?.typed ?? "";
}

const address = readTypedAddress();
if (address) {
  const shown = document.getElementById("typed");
  shown.querySelector("b").textContent = address;
  shown.hidden = false;
  document.getElementById("again").addEventListener("submit", () => {
    try { sessionStorage.setItem("typed", address); } catch { /* Without storage, the next page does not show it. */ }
  });
}

const status = () => document.getElementById("mail");
// The text from the server, before its times are changed.
let serverText = status().textContent;

function showLocalTimes() {
  for (const time of status().querySelectorAll("time")) {
    time.textContent = new Date(time.dateTime).toLocaleTimeString(document.documentElement.lang);
  }
}

async function update(pause) {
  const answer = await fetch(location.pathname, { cache: "no-store" });
  if (answer.ok) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("mail");
    // Accessibility: a screen reader announces every change, so change the element only if the text has changed.
    if (fresh.textContent !== serverText) {
      serverText = fresh.textContent;
      status().dataset.state = fresh.dataset.state;
      status().replaceChildren(...fresh.childNodes);
      showLocalTimes();
    }
  }
  updateLater(pause * 1.3);
}

function updateLater(pause) {
  if (["leaving", "delayed"].includes(status().dataset.state)) {
    setTimeout(() => update(pause).catch(() => updateLater(pause * 2)), pause);
  }
}

showLocalTimes();
// The server says nothing new in the first five seconds.
updateLater(5_200);
