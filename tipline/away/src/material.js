// Material that an agency sends in: a document, signed with the agency's key, then sealed to the unit's desk.
// Layout: docs/format.md, "Material".

import { armor } from "age-encryption";

import * as age from "./age.js";
import { fingerprintOf } from "./agency.js";
import { concat, hex, random, sha256 } from "./bytes.js";
import { canonical } from "./canonical.js";
import { padMessage } from "./padding.js";
import { MATERIAL, sign } from "./sshsig.js";

/** @typedef {import("./agency.js").AgencySecret} AgencySecret */
/** @typedef {import("./canonical.js").Json} Json */

/**
 * What an officer writes.
 * @typedef {object} Written
 * @property {string} reference
 * @property {string} text
 * @property {string[] | null} grade scheme, source, information
 * @property {string} passOn never, ask or may
 * @property {string[]} agencies
 * @property {string[]} classes
 * @property {string[] | null} purposes null: every purpose
 * @property {string | null} deleteBy day
 * @property {string | null} marking
 * @property {string | null} handling
 * @property {string[]} conditions
 * @property {string | null} answers reference of a package
 */

export const TEXT_MAX = 10_000;
export const REFERENCE_MAX = 100;
export const LINE_MAX = 200;
export const LINES_MAX = 5;

const FORMAT = "tipline/material/v1";
const PLAIN_MAX = 64 * 1024;
const MARK = 8;

/**
 * Sign and seal. *mark* is how the portal calls the file: the beginning of its SHA-256. Null: it is longer than a file may be.
 * @param {AgencySecret} secret
 * @param {Written} written
 * @param {string} unit id
 * @param {string} desk recipient
 * @param {string} today
 * @returns {Promise<{text: string, mark: string} | null>}
 */
export async function seal(secret, written, unit, desk, today) {
  const document = canonical({
    agencies: written.agencies,
    answers: written.answers,
    classes: written.classes,
    conditions: written.conditions,
    delete_by: written.deleteBy,
    format: FORMAT,
    grade: written.grade,
    handling: written.handling,
    id: uuid(),
    marking: written.marking,
    on: today,
    pass_on: written.passOn,
    purposes: written.purposes,
    reference: written.reference,
    sender: await fingerprintOf(secret),
    text: written.text,
    unit,
  });
  const plain = padMessage(concat(document, await sign(secret.seed, document, MATERIAL)));
  if (plain.length > PLAIN_MAX) return null;
  const sealed = await age.seal(plain, desk);
  return { text: armor.encode(sealed), mark: hex(sha256(sealed)).slice(0, MARK) };
}

/** A random id (RFC 9562, version 4); `crypto.randomUUID` wants a secure address, which a file is not everywhere. */
function uuid() {
  const bytes = random(16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return hex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
