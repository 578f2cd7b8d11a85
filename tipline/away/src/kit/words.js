// Sentences of the kit's page that depend on what was given; the others stand in the page itself.

import { CodenameError, PlaceError } from "../errors.js";
import { dayInWords } from "./dom.js";
import { Stopped } from "./saving.js";

const WORDS = 12;

export const TOO_LONG = "This is too long to seal in one piece. Shorten it, or add it as a file.";
export const TOO_MUCH = "One report takes at most 20 files and 2 GB. Seal the rest as another report.";
export const NO_CHOICE = "Choose one of the two. It decides who can open your report.";
export const NO_TIP = "Write what happened first. One line is enough.";
export const NO_ANSWER = "Write your answer first. One line is enough.";
export const NO_REPLY = "No reply yet. Replies come at fixed times of the day, so look again tomorrow.";
export const NO_FOLLOWING = "No answer can follow this file. Write a new report, and say in it that it goes on from this one.";
export const NOT_PICKED_UP = "This is not a file that you picked up, or it is damaged. Pick it up once more.";
export const UNREADABLE = "The file could not be read. Choose it again.";
export const NOT_THESE_WORDS =
  "These words do not open this file. It is of another codename, or it is damaged. " +
  "Look at the words again, or pick the file up once more.";
export const GONE = "This file could not be made again: what you chose has changed or is gone. Go back and seal once more.";

const STOPPED = "Stopped. Nothing was sealed; everything you typed is still here.";
const FAILED = "This did not work, and nothing was sealed. A file you chose may have changed or be gone: choose it again.";
const LOST =
  "This file's memory of your report is damaged, so no answer can follow it. Pick up a new file, or write a new report.";

/**
 * Why nothing was sealed.
 * @param {unknown} error
 */
export function whyNot(error) {
  if (error instanceof Stopped) return STOPPED;
  return error instanceof PlaceError ? LOST : FAILED;
}

/**
 * Why no answer can be sealed to whoever has the report.
 * @param {string} unit its id
 */
export function noSuchUnit(unit) {
  return `Your report is with “${unit}”, and this kit holds no key of it. Use a kit that names it, or write a new report.`;
}

/**
 * What is wrong with a typed codename.
 * @param {unknown} error
 * @param {string} typed
 */
export function aboutWords(error, typed) {
  if (typed.trim() === "" || !(error instanceof CodenameError)) return "Type your twelve words first.";
  if (error.unknown.length > 0) return `Not a word of any codename: ${error.unknown.join(", ")}.`;
  if (error.count !== WORDS) return `${error.count === 1 ? "This is one word" : `These are ${error.count} words`}. A codename has twelve.`;
  return "One of these words is wrong, or two are exchanged.";
}

/** @param {{had: number | null, sent: number}} found */
export function hadWhat({ had, sent }) {
  if (had === null) return "";
  if (had >= sent) return "When the newest reply was written, everything that you had sent was there.";
  return (
    `When the newest reply was written, ${had} of the ${sent} messages and files that you have sent were there. ` +
    "If a later reply still does not know of the rest, send that again."
  );
}

/** @param {string} today */
export function clock(today) {
  return `This device says that today is ${dayInWords(today)}. If that is wrong, set its clock first and open this kit again.`;
}
