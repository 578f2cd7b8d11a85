// Making the agency's key, once: shown words on paper first, then two files and the fingerprint to read out.

import * as agency from "../agency.js";
import { foldPassphrase, makePassphrase } from "../passphrase.js";
import { element, groups, offer, onSubmit, progress, say, show, ToDo, today, typed } from "./dom.js";
import { refused } from "./words.js";

let words = "";

/** Get the part of the page ready in which a key is made. */
export function ready() {
  newWords();
  element("make-other").addEventListener("click", newWords);
  onSubmit("make-form", make, refused);
}

function newWords() {
  words = makePassphrase();
  say("make-words", words);
}

async function make() {
  const name = typed("make-name").trim();
  if (name === "" || name.length > 200) throw new ToDo("Type the name of your agency, in one line.");
  if (foldPassphrase(typed("make-again")) !== words) {
    throw new ToDo("What you typed is not the seven words above. Write them on paper, then type them from there.");
  }
  const secret = agency.makeSecret(name, today());
  const file = await agency.writeKeyFile(secret, words, progress("make-form", "Locking the key file"));
  offer("make-key", "agency-key.age", file);
  offer("make-public", "agency-enrolment.json", await agency.enrolmentFile(secret), "application/json");
  say("make-fingerprint", groups(await agency.fingerprintOf(secret)));
  show("make-form", false);
  show("made");
  element("made").focus();
}
