// Whom this kit seals to: what it carries, believed only as far as its root has signed it. What is wrong is said by name.

import { utf8 } from "../bytes.js";
import * as pins from "../pins.js";
import { dayInWords } from "./dom.js";
import { clock } from "./words.js";

/** The kit must not be used; the text is for the person. */
export class DamagedKit extends Error {}

/**
 * @typedef {object} Kit
 * @property {Uint8Array} keys as `sealTip` takes them
 * @property {Uint8Array} root
 * @property {pins.Pins} pins
 * @property {{[role: string]: pins.IntakeKey[]}} intake by the role of their unit
 */

/**
 * Read and verify what stands in the page.
 * @param {string} data
 * @returns {Kit}
 */
export function read(data) {
  const keys = carried(data);
  const listed = pins.parseKeys(keys);
  let signed;
  try {
    signed = pins.verified(listed, listed.root);
  } catch {
    throw new DamagedKit("The list of who may open what you write is not signed by this kit's root key. Somebody changed it.");
  }
  /** @type {{[role: string]: pins.IntakeKey[]}} */
  const intake = {};
  for (const unit of signed.units) intake[unit.role] = pins.intakeKeys(listed, unit);
  const good = Object.values(intake).reduce((sum, some) => sum + some.length, 0);
  if (good !== listed.intake.length) {
    const names = signed.units.map((unit) => unit.name).join(" or ");
    throw new DamagedKit(`A key in this kit is not signed by ${names}. Somebody changed it.`);
  }
  if ((intake.unit ?? []).length === 0) throw new DamagedKit("This kit holds no key to lock anything with.");
  return { keys, root: listed.root, pins: signed, intake };
}

/** @param {string} data */
function carried(data) {
  try {
    const keys = utf8(data.replaceAll("\\u003c", "<"));
    pins.parseKeys(keys);
    return keys;
  } catch {
    throw new DamagedKit("The keys in this kit cannot be read. The file is damaged, or somebody changed it.");
  }
}

/**
 * The last day on which this kit seals for the unit of that role, or "" where it never does.
 * @param {Kit} kit
 * @param {pins.Role} role
 */
export function lastDay(kit, role) {
  const last = (kit.intake[role] ?? []).map((key) => key.notAfter).sort().at(-1) ?? "";
  return last < kit.pins.validUntil ? last : kit.pins.validUntil;
}

/**
 * Why it cannot seal today for that role; "" when it can.
 * @param {Kit} kit
 * @param {pins.Role} role
 * @param {string} today
 */
export function closed(kit, role, today) {
  const name = kit.pins.units.find((unit) => unit.role === role)?.name ?? "";
  const days = (kit.intake[role] ?? []).map((key) => key.notBefore).sort();
  const first = [days[0] ?? "", kit.pins.validFrom].sort().at(-1) ?? "";
  const last = lastDay(kit, role);
  if (days.length === 0) {
    return `This kit holds no key of ${name}, so it can lock nothing for them. Get a newer kit, or use the form on the report page.`;
  }
  if (today < first) return `This kit is not good before ${dayInWords(first)}. ${clock(today)}`;
  if (today > last) {
    const next = "Get a new kit where you got this one, or from the report page, and hold its long number against the newest poster.";
    return `This kit ended on ${dayInWords(last)} and seals nothing for ${name} any more. ${next} ${clock(today)}`;
  }
  const good = (kit.intake[role] ?? []).some((key) => pins.goodOn(key, today));
  return good ? "" : `This kit holds no key of ${name} for today. Get a new kit. ${clock(today)}`;
}
