// What became of the agency's copies, and a report of a loss or leak: sealed and signed here, to be taken to the portal.

import * as agency from "../agency.js";
import { FATES, LOSSES, TEXT_MAX } from "../feedback.js";
import { hand, offerCopy } from "./answering.js";
import { element, made, onSubmit, option, show, ToDo, today, typed } from "./dom.js";
import { refused } from "./words.js";

/** @typedef {import("../agency.js").AgencySecret} AgencySecret */
/** @typedef {import("../package.js").Opened} Opened */

/** @type {{secret: AgencySecret, opened: Opened, desk: string} | null} */
let current = null;

/** Get the forms ready, empty. */
export function ready() {
  element("fates").append(...FATES.map(([fate, words]) => choice(fate, words)));
  element("loss").append(...LOSSES.map(([loss, words]) => option(loss, words)));
  /** @type {HTMLInputElement} */ (element("done-on")).value = today();
  onSubmit("copies-form", () => write("copies", agency.DESTRUCTION, fate), refused);
  onSubmit("breach-form", () => write("breach", agency.BREACH, loss), refused);
  for (const what of ["copies", "breach"]) offerCopy(what);
}

/**
 * Without the unit's keys nothing can be sealed to it, and the portal's forms say the same.
 * @param {AgencySecret} secret
 * @param {Opened} opened
 */
export function begin(secret, opened) {
  const desk = secret.pinned?.desk ?? null;
  current = desk === null ? null : { secret, opened, desk };
  for (const what of ["copies", "breach"]) show(what, desk !== null);
}

/**
 * @param {string} what
 * @param {string} type
 * @param {() => import("../canonical.js").JsonObject} read
 */
async function write(what, type, read) {
  if (current === null) throw new ToDo("Open a package first.");
  const { secret, opened, desk } = current;
  hand(what, opened, await agency.tell(type, secret, opened.manifest.release, read(), desk, today()));
}

function fate() {
  const chosen = document.querySelector("input[name=fate]:checked");
  if (!(chosen instanceof HTMLInputElement)) throw new ToDo("Choose what became of them.");
  const done = typed("done-on").trim();
  if (!isDay(done)) throw new ToDo(`Write the day, for example ${today()}.`);
  if (done > today()) throw new ToDo("This day is still to come.");
  const text = words("copies-words");
  if (chosen.value === "excepted" && text === "") throw new ToDo("Say which copies stay, and why.");
  return { fate: chosen.value, done_on: done, text };
}

function loss() {
  const chosen = typed("loss");
  if (chosen === "") throw new ToDo("Choose what happened.");
  const [day = "", time = "", ...rest] = typed("noticed").trim().split(/[ T]+/);
  if (rest.length > 0 || !isDay(day) || !/^([01][0-9]|2[0-3]):[0-5][0-9]$/.test(time)) {
    throw new ToDo(`Write day and time in UTC, for example ${today()} 09:30.`);
  }
  const noticed = `${day}T${time}Z`;
  if (Date.parse(noticed) > Date.now()) throw new ToDo("This is still to come. The time is UTC.");
  const text = words("breach-words");
  if (text === "") throw new ToDo("Say what happened, and what was done about it.");
  return { loss: chosen, noticed, text };
}

/** @param {string} id */
function words(id) {
  const text = typed(id).replaceAll("\r\n", "\n").trim().replace(/\p{Surrogate}/gu, "\ufffd");
  if ([...text].length > TEXT_MAX) throw new ToDo(`Shorten your words to ${TEXT_MAX.toLocaleString("en")} characters.`);
  return text;
}

/** @param {string} text */
function isDay(text) {
  return /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text) && new Date(`${text}T00:00Z`).toJSON()?.startsWith(text) === true;
}

/**
 * @param {string} value
 * @param {string} label
 */
function choice(value, label) {
  const line = made("label", "");
  line.className = "choice";
  const box = document.createElement("input");
  box.type = "radio";
  box.name = "fate";
  box.value = value;
  line.append(box, ` ${label}`);
  return line;
}
