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
 * @property {{[role: string]: pins.Claim[]}} intake by the role of their unit, and none believed until it is verified
 * @property {Map<Uint8Array, boolean>} known of each statement that was looked at: whether its unit has signed it
 */

/**
 * Read what stands in the page, and verify what it would use today: the pins, and of each unit the key that is sealed to and
 * the one that says until when the kit is good.
 * @param {string} data
 * @param {string} today
 * @returns {Kit}
 */
export function read(data, today) {
  const keys = carried(data);
  const listed = pins.parseKeys(keys);
  let signed;
  try {
    signed = pins.verified(listed, listed.root);
  } catch {
    throw new DamagedKit("The list of who may open what you write is not signed by this kit's root key. Somebody changed it.");
  }
  /** @type {{[role: string]: pins.Claim[]}} */
  const intake = {};
  for (const unit of signed.units) intake[unit.role] = pins.claims(listed, unit);
  const ours = Object.values(intake).reduce((sum, some) => sum + some.length, 0);
  const kit = { keys, root: listed.root, pins: signed, intake, known: new Map() };
  const whole = signed.units.every((unit) =>
    [last(kit, unit.role), chosen(kit, unit.role, today)].every((key) => isSigned(kit, unit, key)),
  );
  if (ours !== listed.intake.length || !whole) throw new DamagedKit(forged(signed.units));
  if ((intake.unit ?? []).length === 0) throw new DamagedKit("This kit holds no key to lock anything with.");
  return kit;
}

/** @param {pins.Pinned[]} units */
function forged(units) {
  return `A key in this kit is not signed by ${units.map((unit) => unit.name).join(" or ")}. Somebody changed it.`;
}

/**
 * Whether the unit's signer has signed the key, where there is one. Each is verified once.
 * @param {Kit} kit
 * @param {pins.Pinned} unit
 * @param {pins.Claim | undefined} key
 */
function isSigned({ known }, { intakeSigner }, key) {
  if (key === undefined) return true;
  const before = known.get(key.statement);
  if (before !== undefined) return before;
  let good = true;
  try {
    pins.readIntakeKey(key.statement, intakeSigner);
  } catch {
    good = false;
  }
  known.set(key.statement, good);
  return good;
}

/**
 * @param {Kit} kit
 * @param {string} role
 * @param {string} today
 */
function chosen(kit, role, today) {
  return pins.newest(kit.intake[role] ?? [], today)[0];
}

/**
 * @param {Kit} kit
 * @param {string} role
 */
function last(kit, role) {
  return [...(kit.intake[role] ?? [])].sort((one, other) => (one.notAfter < other.notAfter ? 1 : -1))[0];
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
  const ends = last(kit, role)?.notAfter ?? "";
  return ends < kit.pins.validUntil ? ends : kit.pins.validUntil;
}

/**
 * Why it cannot seal today for that role; "" when it can.
 * @param {Kit} kit
 * @param {pins.Role} role
 * @param {string} today
 */
export function closed(kit, role, today) {
  const unit = kit.pins.units.find((one) => one.role === role);
  const name = unit?.name ?? "";
  const days = (kit.intake[role] ?? []).map((key) => key.notBefore).sort();
  const first = [days[0] ?? "", kit.pins.validFrom].sort().at(-1) ?? "";
  const end = lastDay(kit, role);
  if (days.length === 0) {
    return `This kit holds no key of ${name}, so it can lock nothing for them. Get a newer kit, or use the form on the report page.`;
  }
  if (today < first) return `This kit is not good before ${dayInWords(first)}. ${clock(today)}`;
  if (today > end) {
    const next = "Get a new kit where you got this one, or from the report page, and hold its long number against the newest poster.";
    return `This kit ended on ${dayInWords(end)} and seals nothing for ${name} any more. ${next} ${clock(today)}`;
  }
  const key = chosen(kit, role, today);
  if (key === undefined) return `This kit holds no key of ${name} for today. Get a new kit. ${clock(today)}`;
  // The kit may stay open over a day's end, when another key is chosen.
  return unit === undefined || isSigned(kit, unit, key) ? "" : forged(kit.pins.units);
}
