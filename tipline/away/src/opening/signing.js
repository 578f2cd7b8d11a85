// Signing an agreement: the agency's key over the exact bytes of the file, as a file to send back.

import * as agency from "../agency.js";
import { hex, sha256 } from "../bytes.js";
import { foldPassphrase } from "../passphrase.js";
import { AGREEMENT, sign } from "../sshsig.js";
import { chosen, element, groups, offer, onSubmit, progress, say, show, ToDo, typed } from "./dom.js";
import { refused } from "./words.js";

const KEY_MAX = 64 * 1024;
const AGREEMENT_MAX = 1024 * 1024;

/** Get the part of the page ready in which an agreement is signed. */
export function ready() {
  element("sign-agreement").addEventListener("change", shown);
  onSubmit("sign-form", signIt, refused);
}

/** Show the text before anybody signs it: what is signed is what is shown, byte for byte. */
async function shown() {
  show("sign-written", false);
  const toml = await chosen("sign-agreement", AGREEMENT_MAX).catch(() => null);
  show("sign-shown", toml !== null);
  if (toml === null) return;
  say("sign-text", new TextDecoder().decode(toml));
  say("sign-hash", groups(hex(sha256(toml))));
}

async function signIt() {
  const toml = await chosen("sign-agreement", AGREEMENT_MAX);
  if (toml === null) throw new ToDo("Choose the file of the agreement.");
  const key = await chosen("sign-key", KEY_MAX);
  if (key === null) throw new ToDo("Choose your agency's key file.");
  const secret = await agency.readKeyFile(key, foldPassphrase(typed("sign-passphrase")), progress("sign-form", "Unlocking the key file"));
  const name = /** @type {HTMLInputElement} */ (element("sign-agreement")).files?.[0]?.name ?? "agreement.toml";
  offer("sign-file", `${name}.sig`, await sign(secret.seed, toml, AGREEMENT), "text/plain");
  show("sign-written");
  element("sign-file").focus();
}
