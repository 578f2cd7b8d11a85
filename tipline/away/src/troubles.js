// Sentences about replies that are forged, changed, copied or missing: those of `tipline.replies`, word for word.

import { equal, hex } from "./bytes.js";

/** @typedef {import("./replies.js").Reply} Reply */
/** @typedef {import("./envelope.js").State} State */

export const DAMAGED = "Your mailbox has been damaged or changed, and nothing in it can be trusted.";
export const REORDERED =
  "Somebody put the replies into another order. They are shown in the order in which they were written.";
export const FORGOTTEN =
  "The unit has more messages of yours than this server remembers: its memory of your report was set back. " +
  "It cannot be said whether replies were taken away.";
export const LOST =
  "This server's memory of your report is damaged or was exchanged. It cannot be said whether replies were taken away, " +
  "and an answer cannot be sent from here: write a new report.";
export const UNKNOWN_PHRASE = "There is news about your report that this page has no words for yet.";

/**
 * @param {number} count
 * @returns {string[]}
 */
export function forged(count) {
  if (count === 0) return [];
  const what = count === 1 ? "One reply was" : `${count} replies were`;
  return [`${what} not written by the unit, or changed on the way, and is not shown. Trust nothing that refers to it.`];
}

/**
 * @param {Reply[]} found in the bundle's order
 * @returns {string[]}
 */
export function copied(found) {
  const twice = found.filter((one, at) => found.some((other, before) => before < at && equal(one.digest, other.digest)));
  const numbers = [...new Set(twice.map((one) => one.counter))].sort((one, other) => one - other);
  return numbers.map((number) => `Reply ${number} is here more than once and is shown once: somebody copied it.`);
}

/**
 * What was shown before and is not here any more, or is here as another.
 * @param {Reply[]} each once, by number
 * @param {State} heard
 * @returns {string[]}
 */
export function setBack(each, heard) {
  if (heard.counter === 0) return [];
  if ((each.at(-1)?.counter ?? 0) < heard.counter) {
    return [`Reply ${heard.counter} was shown here before and is missing now. Somebody put back an older mailbox.`];
  }
  const again = each.filter((one) => one.counter === heard.counter);
  if (again.length > 0 && !again.some((one) => equal(one.digest, heard.previous))) {
    return [`Reply ${heard.counter} is not the one that was shown here before: one was exchanged.`];
  }
  return [];
}

/**
 * @param {Reply[]} each once, by number
 * @param {State} heard
 * @returns {string[]}
 */
export function gaps(each, heard) {
  const said = first(each, heard);
  each.slice(1).forEach((next, at) => {
    const before = /** @type {Reply} */ (each[at]);
    if (next.counter === before.counter) {
      said.push(`There are two different replies ${next.counter}: ask the unit which one holds.`);
    } else if (next.counter !== before.counter + 1) {
      said.push(`Between reply ${before.counter} and reply ${next.counter} something is missing.`);
    } else if (!digests(each, before.counter).has(hex(next.previous))) {
      said.push(`Reply ${next.counter} does not follow reply ${before.counter}: one was exchanged.`);
    }
  });
  return said;
}

/**
 * What is wrong between the newest reply that was shown and the first that is here, where all here are newer.
 * @param {Reply[]} each
 * @param {State} heard
 * @returns {string[]}
 */
function first(each, heard) {
  const next = each[0];
  if (next === undefined || next.counter <= heard.counter) return [];
  if (next.counter > heard.counter + 1) return [neverShown(heard.counter + 1, next.counter - 1)];
  if (equal(next.previous, heard.previous)) return [];
  return [`Reply ${next.counter} does not follow what was shown here before: one was exchanged.`];
}

/**
 * @param {Reply[]} each
 * @param {number} counter
 */
function digests(each, counter) {
  return new Set(each.filter((one) => one.counter === counter).map((one) => hex(one.digest)));
}

/**
 * @param {number} from
 * @param {number} until
 */
function neverShown(from, until) {
  const which = from === until ? `Reply ${from} was` : `Replies ${from} to ${until} were`;
  return `${which} never shown here, and newer ones are: a mailbox holds only the newest, or somebody kept them back.`;
}
