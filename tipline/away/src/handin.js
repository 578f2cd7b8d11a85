// The slip in front of envelopes that were sealed here, and the files they are handed in as.
// Layout: docs/format.md, "Hand-ins". The public zone reads all of it, so nothing in it may say more than the wrappers do.

import { concat, fill, hex, sha256 } from "./bytes.js";
import { canonical } from "./canonical.js";
import { TooMuchError } from "./errors.js";
import { messageSize } from "./padding.js";

/** @typedef {import("./envelope.js").Address} Address */
/** @typedef {import("./bytes.js").Bytes} Bytes */

/** One envelope as its slip names it. @typedef {{id: string, kind: "message" | "part", sha256: string, size: number}} Listed */

/** Bytes of one file to hand in. */
export const FILE_MAX = 17 * 1024 * 1024;
/** Bytes of a slip. */
export const SLIP_MAX = 256 * 1024;
/** Bytes of one message. */
export const MESSAGE_MAX = 1024 * 1024;

/**
 * @param {Address} address
 * @param {object} rest
 * @param {string | null} rest.recipient the source's, with the first hand-in of a mailbox
 * @param {Uint8Array | null} rest.was SHA-256 of the sealed place that the messages follow; null with the first
 * @param {Uint8Array} rest.now the sealed place after them
 * @param {Listed[]} rest.envelopes messages in the order of the thread, then parts
 * @returns {Bytes} one line of canonical JSON, spaces and a line feed, in the class of a message
 */
export function encodeSlip(address, { recipient, was, now, envelopes }) {
  const payload = {
    day: address.day,
    envelopes,
    format: "tipline/hand-in/v1",
    mailbox: hex(address.mailbox),
    now: hex(now),
    recipient,
    serial: address.serial,
    unit: address.unit,
    urgent: address.urgent,
    was: was === null ? null : hex(was),
  };
  const line = canonical({ ...payload, sum: hex(sha256(canonical(payload))) });
  const size = messageSize(line.length + 1);
  if (size > SLIP_MAX) throw new TooMuchError();
  return concat(fill(line, size - 1, 0x20), Uint8Array.of(0x0a));
}

/**
 * Whether envelopes of these bytes in all go into one file with their slip.
 * @param {number} total
 */
export function inOneFile(total) {
  return SLIP_MAX + total <= FILE_MAX;
}

/**
 * @param {number} number from 1; 1 is the slip with the messages
 * @param {number} of
 */
export function fileName(number, of) {
  return `hand-in-${number}-of-${of}.tip`;
}
