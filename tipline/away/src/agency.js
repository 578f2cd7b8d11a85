// What an agency's officer makes and writes: keys and their file, the enrolment file, acknowledgements, sealed answers.
// Layout: docs/format.md, "What an agency writes".

import { ed25519 } from "@noble/curves/ed25519.js";
import { base64 } from "@scure/base";

import * as age from "./age.js";
import { concat, equal, hex, random, sha256, text as decode, utf8 } from "./bytes.js";
import { canonical, parse } from "./canonical.js";
import { AgencyFileError, RefusedError } from "./errors.js";
import { padMessage } from "./padding.js";
import { openUnder, sealUnder } from "./passphrase.js";
import { readStatement, sign, verifySignature } from "./statement.js";
import { day, fields, hash32, ofFormat, text, unit } from "./strict.js";

/** @typedef {import("./canonical.js").JsonObject} JsonObject */
/** @typedef {import("./passphrase.js").Progress} Progress */

/**
 * What is pinned of the unit. With the package key alone, answers cannot be sealed here.
 * @typedef {object} UnitKeys
 * @property {Uint8Array} signer the package key, 32 bytes
 * @property {string | null} desk recipient of answers
 * @property {string | null} unit id
 * @property {string | null} name
 */

/**
 * @typedef {object} AgencySecret
 * @property {string} name
 * @property {string} madeOn day
 * @property {string} identity
 * @property {Uint8Array} seed of the key that signs acknowledgements
 * @property {(UnitKeys & {pinnedOn: string}) | null} pinned
 */

export const AGENCY_KEY = "tipline/agency-key/v1";
export const ACKNOWLEDGEMENT = "tipline/acknowledgement/v1";
export const FEEDBACK = "tipline/feedback/v1";
export const DESTRUCTION = "tipline/destruction/v1";
export const BREACH = "tipline/breach/v1";

const SECRET = "# tipline/agency-secret/v1 ";
const UNIT_KEYS = "tipline/unit-keys/v1";
const NAME_MAX = 200;

/**
 * @param {string} name as the officer types it
 * @param {string} today
 * @returns {AgencySecret}
 */
export function makeSecret(name, today) {
  return { name: readName(name), madeOn: today, identity: age.identityOf(random(32)), seed: random(32), pinned: null };
}

/**
 * The key file: under the passphrase stands a file of keys that age itself reads.
 * @param {AgencySecret} secret
 * @param {string} passphrase
 * @param {Progress} onProgress
 */
export function writeKeyFile(secret, passphrase, onProgress) {
  const said = canonical({
    acknowledge: hex(secret.seed),
    made_on: secret.madeOn,
    name: secret.name,
    unit: secret.pinned === null ? null : { keys: unitBody(secret.pinned), pinned_on: secret.pinned.pinnedOn },
  });
  return sealUnder(concat(utf8(SECRET), said, utf8(`\n${secret.identity}\n`)), passphrase, onProgress);
}

/**
 * @param {Uint8Array} file
 * @param {string} passphrase
 * @param {Progress} onProgress
 * @returns {Promise<AgencySecret>}
 */
export async function readKeyFile(file, passphrase, onProgress) {
  const plain = await openUnder(file, passphrase, onProgress);
  try {
    const [said, identity, ...rest] = (decode(plain) ?? "").split("\n");
    if (said === undefined || identity === undefined || !said.startsWith(SECRET) || rest.join("\n") !== "") {
      throw new AgencyFileError("format");
    }
    const body = fields(parse(utf8(said.slice(SECRET.length))), ["acknowledge", "made_on", "name", "unit"]);
    await age.recipientOf(identity);
    return {
      name: text(body.name),
      madeOn: day(body.made_on),
      identity,
      seed: hash32(body.acknowledge),
      pinned: body.unit === null ? null : readPinned(body.unit),
    };
  } catch {
    throw new AgencyFileError("format");
  }
}

/** @param {AgencySecret} secret */
export async function enrolmentFile(secret) {
  const body = {
    acknowledge: hex(ed25519.getPublicKey(secret.seed)),
    made_on: secret.madeOn,
    name: secret.name,
    recipient: await age.recipientOf(secret.identity),
  };
  return sign(AGENCY_KEY, body, secret.seed);
}

/**
 * Read an enrolment file that is signed by the key in it.
 * @param {Uint8Array} data
 */
export function readEnrolment(data) {
  const body = signedBody(data, AGENCY_KEY, null, ["acknowledge", "made_on", "name", "recipient"]);
  try {
    const acknowledge = hash32(body.acknowledge);
    const recipient = age.recipient(text(body.recipient));
    return { name: readName(text(body.name)), recipient, acknowledge, madeOn: day(body.made_on) };
  } catch {
    throw new AgencyFileError("format");
  }
}

/**
 * Over both keys, in hexadecimal: for the telephone and the agreement.
 * @param {string} recipient
 * @param {Uint8Array} acknowledge
 */
export function fingerprint(recipient, acknowledge) {
  return hex(sha256(concat(utf8(recipient), Uint8Array.of(0), acknowledge)));
}

/** @param {AgencySecret} secret */
export async function fingerprintOf(secret) {
  return fingerprint(await age.recipientOf(secret.identity), ed25519.getPublicKey(secret.seed));
}

/**
 * @param {AgencySecret} secret
 * @param {string} release
 * @param {Uint8Array} zipSha256
 * @param {string} today
 */
export function acknowledge(secret, release, zipSha256, today) {
  return sign(ACKNOWLEDGEMENT, { on: today, release, zip_sha256: hex(zipSha256) }, secret.seed);
}

/**
 * @param {Uint8Array} data
 * @param {Uint8Array} key
 */
export function readAcknowledgement(data, key) {
  const body = signedBody(data, ACKNOWLEDGEMENT, key, ["on", "release", "zip_sha256"]);
  try {
    return { release: uuid(text(body.release)), zipSha256: hash32(body.zip_sha256), on: day(body.on) };
  } catch {
    throw new AgencyFileError("format");
  }
}

/**
 * What an agency tells of a release, sealed to the unit's analysts and signed over that.
 * @param {string} type `FEEDBACK`, `DESTRUCTION` or `BREACH`
 * @param {AgencySecret} secret
 * @param {string} release
 * @param {JsonObject} said the keys that docs/format.md names for the type
 * @param {string} desk
 * @param {string} today
 */
export async function tell(type, secret, release, said, desk, today) {
  const sealed = await age.seal(padMessage(canonical({ ...said, release })), desk);
  return sign(type, { on: today, release, sealed: base64.encode(sealed) }, secret.seed);
}

/** @param {UnitKeys} keys of a file, not of a pasted key */
function unitBody(keys) {
  return { desk_intake: keys.desk, name: keys.name, package_signer: hex(keys.signer), unit: keys.unit };
}

/**
 * Read the unit's public keys, as the portal hands them out.
 * @param {Uint8Array} data
 * @returns {UnitKeys}
 */
export function readUnitKeys(data) {
  try {
    const body = ofFormat(data, UNIT_KEYS, ["format", "unit", "name", "package_signer", "desk_intake"]);
    const desk = age.recipient(text(body.desk_intake));
    return { signer: hash32(body.package_signer), desk, unit: unit(body.unit), name: text(body.name) };
  } catch {
    throw new AgencyFileError("format");
  }
}

/**
 * What is compared by telephone; of a pasted key there is only what `ssh-keygen` prints.
 * @param {UnitKeys} keys
 */
export function unitFingerprint(keys) {
  const zero = Uint8Array.of(0);
  return hex(sha256(concat(utf8(keys.unit ?? ""), zero, keys.signer, zero, utf8(keys.desk ?? ""))));
}

/**
 * @param {UnitKeys} one
 * @param {UnitKeys} other
 */
export function sameUnit(one, other) {
  return equal(one.signer, other.signer) && (other.desk === null || one.desk === other.desk);
}

/** @param {import("./canonical.js").Json | undefined} value */
function readPinned(value) {
  const body = fields(value, ["keys", "pinned_on"]);
  const keys = fields(body.keys, ["desk_intake", "name", "package_signer", "unit"]);
  const orNull = (/** @type {string} */ name) => (keys[name] === null ? null : text(keys[name]));
  const desk = orNull("desk_intake");
  return {
    signer: hash32(keys.package_signer),
    desk: desk === null ? null : age.recipient(desk),
    unit: orNull("unit"),
    name: orNull("name"),
    pinnedOn: day(body.pinned_on),
  };
}

/**
 * The body, when one key alone has signed it. *key* null takes the one that stands in the body as `acknowledge`.
 * @param {Uint8Array} data
 * @param {string} type
 * @param {Uint8Array | null} key
 * @param {string[]} names
 */
function signedBody(data, type, key, names) {
  const statement = refuseAs("unreadable", () => readStatement(data));
  if (statement.type !== type) throw new AgencyFileError("other-type");
  const wanted = key ?? refuseAs("format", () => hash32(statement.body.acknowledge));
  const [signed] = statement.signatures;
  if (signed === undefined || statement.signatures.length !== 1 || !equal(signed.key, wanted)) throw new AgencyFileError("other-key");
  refuseAs("changed", () => verifySignature(wanted, type, canonical(statement.body), signed.signature));
  return refuseAs("format", () => fields(statement.body, names));
}

/**
 * @template T
 * @param {string} fault
 * @param {() => T} read
 * @returns {T}
 */
function refuseAs(fault, read) {
  try {
    return read();
  } catch (error) {
    throw error instanceof RefusedError ? new AgencyFileError(fault) : error;
  }
}

/** @param {string} name */
function readName(name) {
  if (name.trim() === "" || name.length > NAME_MAX || !/^[^\p{C}\p{Zl}\p{Zp}]+$/u.test(name)) throw new AgencyFileError("format");
  return name;
}

/** @param {string} id */
function uuid(id) {
  if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) throw new AgencyFileError("format");
  return id;
}
