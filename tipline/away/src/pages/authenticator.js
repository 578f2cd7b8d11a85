// Asks a signer's authenticator before a form of the guard is sent: to answer to what is signed, or to make its key.
// Nothing is kept, nothing is fetched, and what was typed stays when it is cancelled.
import { hex, unhex, utf8 } from "../bytes.js";

const PATIENCE = 120_000; // milliseconds; the browser's own windows end then
const ALGORITHMS = [-7, -8, -257]; // as crypto/webauthn.py takes them
const NOTHING = "Nothing was signed and nothing is lost. Try again.";

const WHY = "it was cancelled, it took longer than two minutes, or it is not at hand";
const READY = "When you press the button, your authenticator asks for its PIN or your finger. Nothing is sent before it has answered.";

/** @type {Record<string, string>} what a person is told, by the name of the browser's error */
const WORDS = {
  NotAllowedError: `Your authenticator did not answer: ${WHY}. ${NOTHING}`,
  AbortError: `Your authenticator did not answer: ${WHY}. ${NOTHING}`,
  InvalidStateError: "This authenticator is registered already. Take another one.",
  NotSupportedError: "This authenticator makes no key of a kind that is taken here. Take another one.",
  SecurityError: `This browser asks no authenticator at this address. ${NOTHING}`,
};
const OTHER = `This browser could not ask your authenticator. ${NOTHING}`;

/** @param {BufferSource} data */
const digits = (data) => hex(data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array(data.buffer));

/**
 * @param {HTMLFormElement} form
 * @param {string} words
 */
function say(form, words) {
  const said = form.querySelector("[data-said]");
  if (said !== null) said.textContent = words;
}

/**
 * @param {string} name of the error
 * @returns {string}
 */
const told = (name) => WORDS[name] ?? OTHER;

/**
 * Return its answer as the guard reads it: canonical JSON, every value in hexadecimal.
 * @param {HTMLFormElement} form
 * @param {string[]} credentials
 */
async function answer(form, credentials) {
  const found = await navigator.credentials.get({
    publicKey: {
      challenge: unhex(form.dataset["challenge"] ?? ""),
      rpId: location.hostname,
      allowCredentials: credentials.map((id) => ({ type: "public-key", id: unhex(id) })),
      userVerification: "required",
      timeout: PATIENCE,
    },
  });
  const credential = /** @type {PublicKeyCredential} */ (found);
  const response = /** @type {AuthenticatorAssertionResponse} */ (credential.response);
  return JSON.stringify({
    authenticator_data: digits(response.authenticatorData),
    client_data: digits(response.clientDataJSON),
    credential: digits(credential.rawId),
    signature: digits(response.signature),
  });
}

/**
 * Return what comes of the making of its key, in the same way.
 * @param {HTMLFormElement} form
 * @param {string[]} credentials that it must not have already
 */
async function registration(form, credentials) {
  const user = form.dataset["user"] ?? "";
  const found = await navigator.credentials.create({
    publicKey: {
      challenge: unhex(form.dataset["challenge"] ?? ""),
      rp: { id: location.hostname, name: document.title },
      user: { id: utf8(user), name: user, displayName: form.dataset["display"] ?? user },
      pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: "public-key", alg })),
      excludeCredentials: credentials.map((id) => ({ type: "public-key", id: unhex(id) })),
      authenticatorSelection: { userVerification: "required", residentKey: "discouraged" },
      attestation: "none",
      timeout: PATIENCE,
    },
  });
  const response = /** @type {AuthenticatorAttestationResponse} */ (
    /** @type {PublicKeyCredential} */ (found).response
  );
  return JSON.stringify({
    attestation: digits(response.attestationObject),
    client_data: digits(response.clientDataJSON),
  });
}

/** @param {HTMLFormElement} form */
function prepare(form) {
  const field = /** @type {HTMLInputElement} */ (form.querySelector("[data-answer]"));
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("button[type=submit]"));
  const making = form.dataset["origin"] !== undefined;
  const known = (form.dataset["authenticators"] ?? "").split(" ").filter(Boolean);
  const here = making ? known : known.filter((one) => one.endsWith(`@${location.origin}`));
  const credentials = here.map((one) => one.split("@")[0] ?? "");
  const origins = making ? [form.dataset["origin"] ?? ""] : known.map((one) => one.split("@")[1] ?? "");
  if (!origins.includes(location.origin)) {
    const there = [...new Set(origins)].join(" and ");
    say(form, `This page stands at ${location.origin}. Authenticators answer at ${there} alone: open the guard there.`);
    return;
  }
  if (navigator.credentials === undefined || window.PublicKeyCredential === undefined) {
    say(form, `This browser knows no authenticators. Use another one, such as Firefox or Chromium. ${NOTHING}`);
    return;
  }
  say(form, READY);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    say(form, "Your authenticator is asked now. Follow what it and your browser show.");
    void (making ? registration(form, credentials) : answer(form, credentials))
      .then((made) => {
        field.value = made;
        say(form, "It has answered.");
        form.submit();
      })
      .catch((error) => {
        say(form, told(error instanceof Error || error instanceof DOMException ? error.name : ""));
        button.disabled = false;
        button.focus();
      });
  });
}

for (const form of document.querySelectorAll("form[data-challenge]")) prepare(/** @type {HTMLFormElement} */ (form));
