// The other way, when a person asks for it after a failure: a form as the page without script has it, made only now.
// It sends the words; files follow on the page that comes after the codename, as for everybody.

import { random } from "../bytes.js";
import { make } from "../kit/dom.js";

const TOKEN_BYTES = 32;

/**
 * Make the form, put what was typed into it, and send it. From here on the server sees the text.
 * @param {{involved: string, urgent: boolean, message: string, how_known: string, must_not_learn: string}} said
 */
export function sendTheOtherWay({ urgent, ...said }) {
  const form = /** @type {HTMLFormElement} */ (make("form"));
  form.method = "post";
  form.action = "/";
  form.enctype = "multipart/form-data";
  form.hidden = true;
  const fields = { token: token(), ...said, ...(urgent ? { urgent: "yes" } : {}) };
  for (const [name, value] of Object.entries(fields)) {
    const field = /** @type {HTMLTextAreaElement} */ (make("textarea")); // an input would lose line ends
    field.name = name;
    field.value = value;
    form.append(field);
  }
  document.body.append(form);
  form.submit();
}

/** @returns {string} what the server's own form carries: random bytes in base64url, from which it makes the codename */
function token() {
  return btoa(String.fromCharCode(...random(TOKEN_BYTES)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
