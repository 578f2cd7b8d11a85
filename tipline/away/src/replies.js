// What a unit wrote to one source, opened and checked against what was shown before.
// Layout: docs/format.md, "Replies". The Python side's `tipline.replies` says the same sentences.

import * as age from "./age.js";
import { equal, hex, sha256 } from "./bytes.js";
import { openBundle } from "./bundles.js";
import { canonical } from "./canonical.js";
import { startState } from "./envelope.js";
import { EnvelopeError, ForgedError, RefusedError } from "./errors.js";
import { check } from "./macs.js";
import { PHRASES } from "./phrases.js";
import * as strict from "./strict.js";
import { DAMAGED, FORGOTTEN, LOST, REORDERED, UNKNOWN_PHRASE, copied, forged, gaps, setBack } from "./troubles.js";

/** @typedef {import("./codename.js").SourceKeys} SourceKeys */
/** @typedef {import("./envelope.js").Place} Place */
/** @typedef {import("./envelope.js").State} State */

/**
 * A reply whose MAC is the unit's, and the hash that the next one names.
 * @typedef {object} Reply
 * @property {"reply" | "phrase"} kind
 * @property {Uint8Array} mailbox
 * @property {number} counter
 * @property {Uint8Array} previous
 * @property {number} heard how many of the source's messages the unit had by then
 * @property {string} day
 * @property {string} text words, or the code of a phrase
 * @property {Uint8Array} digest
 */

/**
 * What the mailbox holds.
 * @typedef {object} Replies
 * @property {{number: number, day: string, text: string}[]} shown genuine replies, oldest first
 * @property {string[]} troubles sentences about what is wrong with the rest
 * @property {Place | null} place what the source's side remembers once this has been shown; null when it could not be opened
 * @property {number} sent how many messages and files the source has sent, as far as is remembered
 * @property {number | null} had how many of them the unit had when it wrote the newest reply; null without a reply
 */

const KEYS = ["format", "kind", "mailbox", "counter", "previous", "heard", "day", "body", "mac"];

/**
 * Read an opened reply.
 * @param {Uint8Array} padded
 * @param {Uint8Array} toSource
 * @returns {Reply}
 */
export function parseReply(padded, toSource) {
  const { mac, ...value } = strict.ofFormat(padded, "tipline/reply/v1", KEYS);
  const payload = canonical(value);
  const tag = strict.hash32(mac);
  try {
    check(toSource, payload, tag, "to source");
  } catch {
    throw new ForgedError();
  }
  const kind = value.kind;
  if (kind !== "reply" && kind !== "phrase") throw new EnvelopeError();
  const field = kind === "reply" ? "text" : "phrase";
  return {
    kind,
    mailbox: strict.hash32(value.mailbox),
    counter: strict.number(value.counter, 1),
    previous: strict.hash32(value.previous),
    heard: strict.number(value.heard, 0),
    day: strict.day(value.day),
    text: strict.text(strict.fields(value.body, [field])[field]),
    digest: sha256(canonical({ ...value, mac: hex(tag) })),
  };
}

/**
 * Open a mailbox's bundle and hold it against what was shown before.
 * @param {Uint8Array} bundle
 * @param {SourceKeys} keys
 * @param {Place | null} place null when it could not be opened
 * @returns {Promise<Replies>}
 */
export async function readReplies(bundle, keys, place) {
  if (place === null) {
    const { heard: _, ...shown } = await read(bundle, keys, { sent: startState(), heard: startState() });
    const troubles = [LOST, ...shown.troubles.filter((text) => text !== FORGOTTEN)];
    return { ...shown, troubles, place: null, sent: 0, had: null };
  }
  const { heard, ...shown } = await read(bundle, keys, place);
  return { ...shown, place: { ...place, heard }, sent: place.sent.counter };
}

/**
 * @param {Uint8Array} bundle
 * @param {SourceKeys} keys
 * @param {{sent: State, heard: State}} before
 */
async function read(bundle, keys, before) {
  let inner;
  try {
    inner = await openBundle(bundle, keys.identity);
  } catch {
    return { shown: [], troubles: [DAMAGED], heard: before.heard, had: null };
  }
  const opened = [];
  for (const sealed of inner) opened.push(await genuine(sealed, keys));
  const found = opened.filter((one) => one !== null);
  const each = [...new Map(found.map((one) => [hex(one.digest), one])).values()]; // a copy is shown once
  each.sort((one, other) => one.counter - other.counter);
  return {
    shown: each.map((one) => ({ number: one.counter, day: one.day, text: words(one) })),
    troubles: troubles(opened.length - found.length, found, each, before),
    heard: newest(each, before.heard),
    had: each.at(-1)?.heard ?? null,
  };
}

/**
 * @param {Uint8Array} sealed
 * @param {SourceKeys} keys
 * @returns {Promise<Reply | null>}
 */
async function genuine(sealed, keys) {
  try {
    const reply = parseReply(await age.open(sealed, keys.identity), keys.toSource);
    return equal(reply.mailbox, keys.mailbox) ? reply : null;
  } catch (error) {
    if (error instanceof RefusedError) return null;
    throw error;
  }
}

/**
 * @param {number} refused
 * @param {Reply[]} found in the bundle's order
 * @param {Reply[]} each once, by number
 * @param {{sent: State, heard: State}} before
 */
function troubles(refused, found, each, before) {
  const reordered = found.some((one, at) => at > 0 && (found[at - 1]?.counter ?? 0) > one.counter);
  return [
    ...forged(refused),
    ...copied(found),
    ...(reordered ? [REORDERED] : []),
    ...setBack(each, before.heard),
    ...gaps(each, before.heard),
    ...(each.some((one) => one.heard > before.sent.counter) ? [FORGOTTEN] : []),
  ];
}

/**
 * The newest reply ever shown; of two in one place the one that was shown first stays.
 * @param {Reply[]} each
 * @param {State} heard
 * @returns {State}
 */
function newest(each, heard) {
  const number = each.at(-1)?.counter ?? 0;
  const last = each.find((one) => one.counter === number);
  return last === undefined || number <= heard.counter ? heard : { counter: number, previous: last.digest };
}

/** @param {Reply} reply */
function words(reply) {
  if (reply.kind === "reply") return reply.text;
  return Object.hasOwn(PHRASES, reply.text) ? String(PHRASES[reply.text]) : UNKNOWN_PHRASE;
}
