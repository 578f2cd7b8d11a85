// Files under a passphrase: age's scrypt stanza, stretched beside the page, which can show how far it is.
// Layout: docs/format.md, "Sealed files".
//
// npm age-encryption computes scrypt in one piece, which stops a page for a minute where scripts run without a compiler.

import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { base64nopad } from "@scure/base";
import { entropyToMnemonic } from "@scure/bip39";
import { wordlist } from "@scure/bip39/wordlists/english.js";
import { Decrypter, Encrypter, Stanza } from "age-encryption";

import { concat, random, utf8 } from "./bytes.js";
import { AgeError, PassphraseError } from "./errors.js";
import { stretch } from "./stretch.js";

/** @typedef {import("./stretch.js").Progress} Progress */

// A passphrase made here has 77 bits, and what stretching adds to them is little; 17, as elsewhere, takes minutes in a browser
// whose compiler is off.
const LOG_N = 14;
const LOG_N_MAX = 20;
const WORDS = 7;
const SALT_BYTES = 16;
const LABEL = utf8("age-encryption.org/v1/scrypt");
const NONCE = new Uint8Array(12);

/** @returns {string} seven words of the list that codenames use: 77 bits */
export function makePassphrase() {
  const words = entropyToMnemonic(random(32), wordlist).split(" ");
  return words.slice(0, WORDS).join(" "); // the checksum stands in the last word of twenty-four
}

/**
 * A typed passphrase as it was shown: capitals, accents and double blanks do not matter.
 * @param {string} typed
 */
export function foldPassphrase(typed) {
  return typed.normalize("NFKD").toLowerCase().trim().split(/\s+/).join(" ");
}

/**
 * @param {Uint8Array} plain
 * @param {string} passphrase
 * @param {Progress} onProgress
 * @returns {Promise<Uint8Array>}
 */
export async function sealUnder(plain, passphrase, onProgress) {
  const encrypter = new Encrypter();
  encrypter.addRecipient({
    async wrapFileKey(fileKey) {
      const salt = random(SALT_BYTES);
      const key = await stretch(job(passphrase, salt, LOG_N), onProgress);
      const body = chacha20poly1305(key, NONCE).encrypt(fileKey);
      return [new Stanza(["scrypt", base64nopad.encode(salt), String(LOG_N)], body)];
    },
  });
  return encrypter.encrypt(plain);
}

/**
 * @param {Uint8Array} sealed
 * @param {string} passphrase
 * @param {Progress} onProgress
 * @returns {Promise<Uint8Array>}
 */
export async function openUnder(sealed, passphrase, onProgress) {
  let wrong = false;
  const decrypter = new Decrypter();
  decrypter.addIdentity({
    async unwrapFileKey(stanzas) {
      const { salt, logN, body } = readStanza(stanzas);
      const key = await stretch(job(passphrase, salt, logN), onProgress);
      try {
        return chacha20poly1305(key, NONCE).decrypt(body);
      } catch {
        wrong = true;
        return null;
      }
    },
  });
  try {
    return await decrypter.decrypt(sealed);
  } catch {
    throw wrong ? new PassphraseError() : new AgeError();
  }
}

/** @param {Stanza[]} stanzas the only one of its file, as the format wants it */
function readStanza(stanzas) {
  const [stanza] = stanzas;
  const [kind, salt, logN] = stanza?.args ?? [];
  if (stanza === undefined || stanzas.length !== 1 || stanza.args.length !== 3 || kind !== "scrypt") throw new AgeError();
  if (!/^[1-9][0-9]?$/.test(logN ?? "") || Number(logN) > LOG_N_MAX) throw new AgeError();
  const bytes = base64nopad.decode(salt ?? "");
  if (bytes.length !== SALT_BYTES || stanza.body.length !== 32) throw new AgeError();
  return { salt: bytes, logN: Number(logN), body: stanza.body };
}

/**
 * @param {string} passphrase
 * @param {Uint8Array} salt
 * @param {number} logN
 */
function job(passphrase, salt, logN) {
  return { password: utf8(passphrase), salt: concat(LABEL, salt), logN };
}
