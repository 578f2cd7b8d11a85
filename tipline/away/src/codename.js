// Codenames: 128 bits that a source keeps as twelve words, and every key that follows from them. And the pickup code.
// Layout: docs/format.md, "Codename" and "Picking up".

import { bech32 } from "@scure/base";
import { entropyToMnemonic, mnemonicToEntropy } from "@scure/bip39";
import { wordlist } from "@scure/bip39/wordlists/english.js";

import * as age from "./age.js";
import { hkdf, random, sha256, utf8 } from "./bytes.js";
import { CodenameError } from "./errors.js";

const ENTROPY_BYTES = 16;
const LOOKUP_BYTES = 32;
const WORDS = 12;
const PREFIX = 4; // letters after which no two words of the English list are alike
const SALT = utf8("tipline/codename/v1");
const PICKUP = "pickup";

/**
 * Everything that follows from a codename.
 * @typedef {object} SourceKeys
 * @property {Uint8Array} lookup opens the mailbox
 * @property {Uint8Array} mailbox SHA-256 of lookup, the mailbox's public name
 * @property {string} identity opens the replies
 * @property {string} recipient what they are sealed to
 * @property {Uint8Array} toUnit MAC key of the source's messages
 * @property {Uint8Array} toSource MAC key of the unit's replies
 * @property {Uint8Array} state seals the source's own place in the thread
 */

/** @returns {string} a new codename, twelve words with blanks between them */
export function make() {
  return entropyToMnemonic(random(ENTROPY_BYTES), wordlist);
}

/**
 * Read twelve words as people type them: any case, accents, separators, numbering; four letters of a word do.
 * @param {string} typed
 * @returns {string} the twelve words with blanks between them
 */
export function parse(typed) {
  const folded = typed.normalize("NFKD").toLowerCase().replace(/\p{Mn}/gu, "");
  const given = folded.match(/[\p{L}\p{Nl}\p{No}]+/gu) ?? [];
  const found = given.map(complete);
  const unknown = given.filter((_, at) => found[at] === null);
  const words = found.join(" ");
  if (unknown.length > 0 || found.length !== WORDS) throw new CodenameError(unknown, given.length);
  try {
    mnemonicToEntropy(words, wordlist);
  } catch {
    throw new CodenameError([], given.length); // the library's text quotes words
  }
  return words;
}

/**
 * Derive the keys of a source.
 * @param {string} words as `make` and `parse` return them
 * @returns {Promise<SourceKeys>}
 */
export async function keys(words) {
  const entropy = mnemonicToEntropy(words, wordlist);
  const key = (/** @type {string} */ info) => hkdf(entropy, SALT, info, 32);
  const lookup = key("lookup");
  const identity = age.identityOf(key("identity"));
  return {
    lookup,
    mailbox: sha256(lookup),
    identity,
    recipient: await age.recipientOf(identity),
    toUnit: key("thread/to-unit"),
    toSource: key("thread/to-source"),
    state: key("state"),
  };
}

/**
 * The pickup code: *lookup* as people copy it, `pickup1` and groups of five letters. It opens the mailbox and no reply.
 * @param {Uint8Array} lookup
 */
export function pickupCode(lookup) {
  const code = bech32.encode(PICKUP, bech32.toWords(lookup), false);
  const begin = code.lastIndexOf("1") + 1; // the separator of Bech32, which no later letter is
  return [code.slice(0, begin), ...(code.slice(begin).match(/.{1,5}/g) ?? [])].join(" ");
}

/**
 * The lookup of a pickup code as it was typed: any case, blanks and hyphens.
 * @param {string} typed
 * @returns {Uint8Array}
 */
export function parsePickupCode(typed) {
  try {
    const { prefix, words } = bech32.decode(/** @type {`${string}1${string}`} */ (typed.replace(/[\s-]+/g, "").toLowerCase()), false);
    const lookup = bech32.fromWords(words);
    if (prefix === PICKUP && lookup.length === LOOKUP_BYTES) return lookup;
  } catch {
    // The library's text quotes what was typed.
  }
  throw new CodenameError([], 0);
}

/**
 * The list's word that was meant, or null: the word itself, or at least four letters of only one.
 * @param {string} word
 * @returns {string | null}
 */
function complete(word) {
  if (wordlist.includes(word)) return word;
  const meant = word.length < PREFIX ? [] : wordlist.filter((known) => known.startsWith(word));
  return meant.length === 1 ? (meant[0] ?? null) : null;
}
