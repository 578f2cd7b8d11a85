// What travels from a source to a unit: wrapper, message, sidecar; and the source's place in the thread.
// Layout: docs/format.md, "Between source and unit".

import * as age from "./age.js";
import { concat, fill, hex, sha256 } from "./bytes.js";
import { canonical } from "./canonical.js";
import * as columns from "./columns.js";
import { EnvelopeError, OpenError } from "./errors.js";
import { mac } from "./macs.js";
import { padMessage } from "./padding.js";
import * as strict from "./strict.js";

/** @typedef {import("./canonical.js").Json} Json */
/** @typedef {import("./codename.js").SourceKeys} SourceKeys */
/** @typedef {import("./bytes.js").Bytes} Bytes */

/** How far one direction of a thread has come. @typedef {{counter: number, previous: Uint8Array}} State */
/**
 * The id of the unit that has the thread, the last message sent, and the newest reply that was shown. It is sealed under
 * the source's own key, so no server can say that another unit has the thread.
 * @typedef {{unit: string, sent: State, heard: State}} Place
 */

/**
 * What the wrapper of each envelope of one hand-in says.
 * @typedef {object} Address
 * @property {string} unit
 * @property {number} serial of the intake key
 * @property {string} recipient of the intake key
 * @property {Uint8Array} mailbox
 * @property {string} day
 * @property {boolean} urgent
 */

/** @typedef {{kind: "tip", how_known: string, must_not_learn: string, text: string, urgent: boolean}} Tip */
/** @typedef {{kind: "answer", text: string}} Answer */
/** @typedef {{id: string, sha256: string, size: number}} Part one envelope of a file, and its true bytes */
/** @typedef {{kind: "file", name: string, type: string, size: number, sha256: string, parts: Part[]}} File the sidecar */
/** @typedef {{kind: "questionnaire", answers: {[key: string]: Json}, language: string, schema: string}} Filled *schema* is a hash */
/** @typedef {Tip | Answer | Filled | File} Body */

export const WRAPPER_BYTES = 256;
export const SEALED_PLACE_BYTES = 361;

const PLACE_BYTES = 320;
const NOTHING = new Uint8Array(32);

/** @returns {State} before the first one */
export function startState() {
  return { counter: 0, previous: NOTHING };
}

/**
 * @param {Place} place
 * @param {SourceKeys} keys
 * @returns {Bytes} `SEALED_PLACE_BYTES` bytes
 */
export function sealPlace(place, keys) {
  const plain = canonical({ heard: stateBody(place.heard), sent: stateBody(place.sent), unit: strict.unit(place.unit) });
  return columns.seal(keys.state, fill(plain, PLACE_BYTES, 0x20), where(keys));
}

/**
 * @param {Uint8Array} sealed
 * @param {SourceKeys} keys
 * @returns {Place}
 */
export function openPlace(sealed, keys) {
  const plain = columns.open(keys.state, sealed, where(keys));
  try {
    const value = strict.jsonObject(plain, ["heard", "sent", "unit"]);
    return { unit: strict.unit(value.unit), sent: readState(value.sent), heard: readState(value.heard) };
  } catch {
    throw new OpenError();
  }
}

/** @param {State} state */
function stateBody(state) {
  return { counter: state.counter, previous: hex(state.previous) };
}

/**
 * @param {Json | undefined} value
 * @returns {State}
 */
function readState(value) {
  const body = strict.fields(value, ["counter", "previous"]);
  return { counter: strict.number(body.counter, 0), previous: strict.hash32(body.previous) };
}

/** @param {SourceKeys} keys */
function where(keys) {
  return { table: "zone.mailbox", column: "thread_state", row: hex(keys.mailbox) };
}

/**
 * @param {Address} address
 * @param {"message" | "part"} kind
 * @returns {Bytes} `WRAPPER_BYTES` bytes: canonical JSON, spaces, a line feed
 */
export function wrapper(address, kind) {
  const said = canonical({
    day: address.day,
    format: "tipline/envelope/v1",
    kind,
    mailbox: hex(address.mailbox),
    serial: address.serial,
    unit: strict.unit(address.unit),
    urgent: address.urgent,
  });
  if (said.length >= WRAPPER_BYTES) throw new EnvelopeError();
  return concat(fill(said, WRAPPER_BYTES - 1, 0x20), Uint8Array.of(0x0a));
}

/**
 * One message of the thread, with its MAC and without padding: what the next message's `previous` hashes.
 * @param {SourceKeys} keys
 * @param {Place} place the one it follows
 * @param {{way: "kit" | "browser", at: string, body: Body}} said *at* as 2026-11-23T23:10:00Z
 * @returns {Bytes}
 */
export function encodeMessage(keys, place, { way, at, body }) {
  const { kind, ...rest } = body;
  const payload = {
    at,
    body: rest,
    counter: place.sent.counter + 1,
    format: "tipline/message/v1",
    heard: place.heard.counter,
    kind,
    lookup: hex(keys.lookup),
    previous: hex(place.sent.previous),
    recipient: keys.recipient,
    thread: { to_source: hex(keys.toSource), to_unit: hex(keys.toUnit) },
    way,
  };
  return canonical({ ...payload, mac: hex(mac(keys.toUnit, canonical(payload), "to unit")) });
}

/**
 * The place once *encoded*, as `encodeMessage` returned it, has been sent.
 * @param {Place} place
 * @param {Uint8Array} encoded
 * @returns {Place}
 */
export function after(place, encoded) {
  return { ...place, sent: { counter: place.sent.counter + 1, previous: sha256(encoded) } };
}

/**
 * A whole envelope: the wrapper, and an age file of the padded message to the intake key.
 * @param {Address} address
 * @param {Uint8Array} encoded
 */
export async function sealMessage(address, encoded) {
  return concat(wrapper(address, "message"), await age.seal(padMessage(encoded), address.recipient));
}
