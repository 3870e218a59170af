// Passkeys: a form with data-passkey="create" or "get" asks the browser for a passkey and sends its answer.
// The options are in a script element in the form, or are fetched from the URL in data-options-from.

const toBytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

const withBytes = (keys) => keys?.map((key) => ({ ...key, id: toBytes(key.id) }));

function read({ publicKey }) {
  const options = { ...publicKey, challenge: toBytes(publicKey.challenge) };
  if (options.user) options.user = { ...options.user, id: toBytes(options.user.id) };
  if (options.excludeCredentials) options.excludeCredentials = withBytes(options.excludeCredentials);
  if (options.allowCredentials) options.allowCredentials = withBytes(options.allowCredentials);
  return options;
}

function write(credential) {
  const response = {};
  for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[part]) response[part] = toText(credential.response[part]);
  }
  if (credential.response.getTransports) response.transports = credential.response.getTransports();
  return {
    type: credential.type,
    id: credential.id,
    rawId: toText(credential.rawId),
    response,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

async function optionsOf(form) {
  const from = form.dataset.optionsFrom;
  if (!from) {
    const data = JSON.parse(form.querySelector("script[type='application/json']").textContent);
    return read(data.creation_options ?? data.request_options);
  }
  const answer = await fetch(from, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`${from}: ${answer.status}`);
  return read((await answer.json()).request_options);
}

async function ask(form) {
  const publicKey = await optionsOf(form);
  if (form.dataset.passkey === "get") return navigator.credentials.get({ publicKey });
  // If the authenticator can, let it store the account, so that people can sign in without typing their address.
  const wanted = publicKey.authenticatorSelection;
  if (wanted?.residentKey === "discouraged") {
    Object.assign(wanted, { residentKey: "preferred", requireResidentKey: false });
  }
  return navigator.credentials.create({ publicKey });
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const problem = form.querySelector("[data-problem]");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    problem.hidden = true;
    try {
      form.elements.credential.value = JSON.stringify(write(await ask(form)));
      form.submit();
    } catch {
      problem.hidden = false;
    }
  });
}

if (window.PublicKeyCredential) {
  for (const element of document.querySelectorAll("[data-needs-passkeys]")) element.hidden = false;
}
