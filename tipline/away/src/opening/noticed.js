// A notice that was opened: all that it says, and where it asks for consent the form that signs an answer.

import { text } from "../bytes.js";
import { consent, REQUEST } from "../notice.js";
import { copy, element, offer, onSubmit, say, show, ToDo, today, typed } from "./dom.js";
import { refused } from "./words.js";

/** @typedef {import("../agency.js").AgencySecret} AgencySecret */
/** @typedef {import("../notice.js").Notice} Notice */

const ELSEWHERE = "\n\nWith open.html: "; // from here on it says how to answer with other tools
const DAYS = 90; // behind the last day for an answer, unless the officer names another

/** @type {{secret: AgencySecret, notice: Notice} | null} */
let current = null;

/** Get the form ready, empty. */
export function ready() {
  onSubmit("consent-form", answer, refused);
  element("consent-form").addEventListener("input", () => show("consent-written", false)); // it says something else
  element("consent-copy").addEventListener("click", () => copy("consent-text", "consent-copied"));
}

/**
 * Show a notice, up to how it is answered with other tools. Its last line is for machines.
 * @param {AgencySecret} secret
 * @param {Notice} notice
 */
export function shown(secret, notice) {
  current = { secret, notice };
  const words = notice.words.trimEnd().split("\n").slice(0, -1).join("\n");
  say("notice-text", (words.split(ELSEWHERE)[0] ?? "").trimEnd());
  show("consent-form", notice.body.kind === REQUEST);
  /** @type {HTMLInputElement} */ (element("consent-until")).value = after(String(notice.body.day), DAYS);
  show("notice");
  element("notice").focus();
}

async function answer() {
  show("consent-written", false);
  if (current === null) throw new ToDo("Open a notice first.");
  const said = document.querySelector("input[name=consent]:checked");
  if (!(said instanceof HTMLInputElement)) throw new ToDo("Choose what your agency says.");
  const until = typed("consent-until").trim();
  const day = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(until) && !Number.isNaN(Date.parse(until));
  if (said.value !== "no" && (!day || until < today())) {
    throw new ToDo("Write the last day as year, month and day, such as 2027-03-31, and not one that has passed.");
  }
  const value = /** @type {"yes" | "only-this-version" | "no"} */ (said.value);
  const signed = await consent(current.secret.seed, current.notice, value, until);
  const area = /** @type {HTMLTextAreaElement} */ (element("consent-text"));
  area.value = text(signed) ?? "";
  offer("consent-file", `consent-${String(current.notice.body.id).slice(0, 8)}.txt`, signed, "text/plain");
  show("consent-written");
  area.focus();
}

/**
 * @param {string} day
 * @param {number} days
 */
function after(day, days) {
  return new Date(Date.parse(day) + days * 86_400_000).toISOString().slice(0, 10);
}
