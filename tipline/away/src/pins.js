// The keys that a source seals to: pinned units under the root, and their intake keys.
// Layout: docs/format.md, "Keys for sealing elsewhere" and "Intake keys".

import * as age from "./age.js";
import { equal } from "./bytes.js";
import { canonical } from "./canonical.js";
import { EnvelopeError, IntakeKeyError, PinsError } from "./errors.js";
import { readStatement, verify } from "./statement.js";
import * as strict from "./strict.js";

/** @typedef {import("./canonical.js").Json} Json */
/** @typedef {"unit" | "oversight"} Role */

/**
 * One unit that a source may seal to.
 * @typedef {{unit: string, role: Role, name: string, intakeSigner: Uint8Array}} Pinned
 */

/**
 * @typedef {{units: Pinned[], validFrom: string, validUntil: string}} Pins days are included
 */

/**
 * An intake key, valid on the days from *notBefore* to *notAfter*, both included.
 * @typedef {{unit: string, serial: number, recipient: string, notBefore: string, notAfter: string}} IntakeKey
 */

/** Which of the pinned units is meant. @typedef {(unit: Pinned) => boolean} Whom */

/**
 * What a statement says of its key before anybody has verified it.
 * @typedef {{statement: Uint8Array, serial: number, notBefore: string, notAfter: string}} Claim
 */

/** @typedef {{root: Uint8Array, pins: Uint8Array, intake: Uint8Array[]}} Keys read, and nothing of it believed yet */

/**
 * Read what the kit carries and `/keys` hands out, without believing any of it.
 * @param {Uint8Array} data
 * @returns {Keys}
 */
export function parseKeys(data) {
  const value = strict.ofFormat(data, "tipline/keys/v1", ["format", "root", "pins", "intake"]);
  return {
    root: strict.hash32(value.root),
    pins: canonical(/** @type {Json} */ (value.pins)),
    intake: strict.list(value.intake).map(canonical),
  };
}

/**
 * Return the pins if it is *root* that signed them, whatever their days.
 * @param {Keys} keys
 * @param {Uint8Array} root
 * @returns {Pins}
 */
export function verified(keys, root) {
  if (!equal(keys.root, root)) throw new PinsError();
  try {
    return readPins(keys.pins, root);
  } catch {
    throw new PinsError();
  }
}

/**
 * Return the key to seal to today for the unit that is meant: the highest serial.
 * @param {Keys} keys
 * @param {Uint8Array} root the one that is trusted
 * @param {Whom} whom
 * @param {string} today
 * @returns {IntakeKey}
 */
export function choose(keys, root, whom, today) {
  const pins = verified(keys, root);
  if (today < pins.validFrom || today > pins.validUntil) throw new PinsError();
  const pinned = pins.units.find(whom);
  if (pinned === undefined) throw new IntakeKeyError();
  for (const { statement } of newest(claims(keys, pinned), today)) {
    try {
      return readIntakeKey(statement, pinned.intakeSigner);
    } catch {
      // Of another unit's signer, or of nobody's: it counts for nothing, and the next one may.
    }
  }
  throw new IntakeKeyError();
}

/**
 * Every key that says it is this unit's, and nothing of it believed: to verify one takes a hundredth of a second, or with
 * the browser's compiler switched off, as at Safer, a tenth, so only those are verified that something hangs on.
 * @param {Keys} keys
 * @param {Pinned} pinned
 * @returns {Claim[]}
 */
export function claims(keys, pinned) {
  return keys.intake.flatMap((statement) => {
    try {
      const { unit, serial, notBefore, notAfter } = readBody(readStatement(statement).body);
      return unit === pinned.unit ? [{ statement, serial, notBefore, notAfter }] : [];
    } catch {
      return [];
    }
  });
}

/**
 * Those that say they are valid today, the highest serial first.
 * @param {Claim[]} claimed
 * @param {string} today
 */
export function newest(claimed, today) {
  return claimed.filter((key) => goodOn(key, today)).sort((one, other) => other.serial - one.serial);
}

/**
 * @param {{notBefore: string, notAfter: string}} key
 * @param {string} today
 */
export function goodOn(key, today) {
  return key.notBefore <= today && today <= key.notAfter;
}

/**
 * Read a statement signed by *signer*, whatever its days.
 * @param {Uint8Array} statement
 * @param {Uint8Array} signer
 * @returns {IntakeKey}
 */
export function readIntakeKey(statement, signer) {
  try {
    const said = readBody(verify(statement, "tipline/intake-key/v1", [signer]));
    return { ...said, recipient: age.recipient(said.recipient) };
  } catch {
    throw new IntakeKeyError();
  }
}

/**
 * @param {Json} value
 * @returns {IntakeKey} whose recipient is a text as yet
 */
function readBody(value) {
  const body = strict.fields(value, ["purpose", "unit", "serial", "recipient", "not_before", "not_after"]);
  if (body.purpose !== "intake") throw new EnvelopeError();
  return {
    unit: strict.unit(body.unit),
    serial: strict.number(body.serial, 1),
    recipient: strict.text(body.recipient),
    notBefore: strict.day(body.not_before),
    notAfter: strict.day(body.not_after),
  };
}

/**
 * @param {Uint8Array} statement
 * @param {Uint8Array} root
 * @returns {Pins}
 */
function readPins(statement, root) {
  const body = strict.fields(verify(statement, "tipline/pins/v1", [root]), ["units", "valid_from", "valid_until"]);
  const units = strict.list(body.units).map(readPinned);
  const roles = units.map((unit) => unit.role).sort().reverse().join(" ");
  const different = new Set(units.map((unit) => unit.unit)).size === units.length;
  if (!["", "unit", "unit oversight"].includes(roles) || !different) throw new EnvelopeError();
  return { units, validFrom: strict.day(body.valid_from), validUntil: strict.day(body.valid_until) };
}

/**
 * @param {Json} value
 * @returns {Pinned}
 */
function readPinned(value) {
  const body = strict.fields(value, ["unit", "role", "name", "intake_signer"]);
  if (body.role !== "unit" && body.role !== "oversight") throw new EnvelopeError();
  const intakeSigner = strict.hash32(body.intake_signer);
  return { unit: strict.unit(body.unit), role: body.role, name: strict.text(body.name), intakeSigner };
}
