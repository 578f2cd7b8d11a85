// Acknowledgement and answer: signed here, shown as text and offered as a file, to be taken to the portal.

import * as agency from "../agency.js";
import { text } from "../bytes.js";
import { AXES, MARKS, STAGES, TEXT_MAX } from "../feedback.js";
import { copy, element, made, offer, onSubmit, option, show, ToDo, today, typed } from "./dom.js";
import { refused } from "./words.js";

/** @typedef {import("../agency.js").AgencySecret} AgencySecret */
/** @typedef {import("../package.js").Opened} Opened */

/** @type {{secret: AgencySecret, opened: Opened} | null} */
let current = null;

/** Get the forms ready, empty. */
export function ready() {
  const stages = STAGES.map(({ stage, label, codes }) => {
    const group = /** @type {HTMLOptGroupElement} */ (made("optgroup", ""));
    group.label = label;
    group.append(...codes.map(([code, words]) => option(`${stage}/${code}`, words)));
    return group;
  });
  element("code").append(...stages);
  for (const [axis, label] of AXES) element("axes").append(markOf(axis, label));
  /** @type {HTMLInputElement} */ (element("month")).value = today().slice(0, 7);
  onSubmit("acknowledge-form", acknowledge, refused);
  onSubmit("answer-form", answer, refused);
  for (const what of ["acknowledgement", "answer"]) offerCopy(what);
}

/**
 * Let the button beside a text copy it.
 * @param {string} what
 */
export function offerCopy(what) {
  element(`${what}-copy`).addEventListener("click", () => copy(`${what}-text`, `${what}-copied`));
}

/**
 * @param {AgencySecret} secret
 * @param {Opened} opened
 */
export function begin(secret, opened) {
  current = { secret, opened };
  show("acknowledge");
  show("answer");
  const desk = secret.pinned?.desk ?? null;
  show("answer-form", desk !== null);
  show("answer-elsewhere", desk === null);
}

async function acknowledge() {
  const { secret, opened } = now();
  hand("acknowledgement", opened, agency.acknowledge(secret, opened.manifest.release, opened.sha256, today()));
}

async function answer() {
  const { secret, opened } = now();
  const said = form();
  const desk = secret.pinned?.desk;
  if (!desk) throw new ToDo("Load unit-keys.json when you open the package: without it nothing can be sealed to the unit.");
  hand("answer", opened, await agency.tell(agency.FEEDBACK, secret, opened.manifest.release, said, desk, today()));
}

/** Read the form of an answer as the portal's does. */
function form() {
  const [stage, code] = typed("code").split("/");
  if (!stage || !code) throw new ToDo("Choose what became of it.");
  const month = typed("month").trim();
  if (!/^[0-9]{4}-(0[1-9]|1[0-2])$/.test(month)) throw new ToDo(`Write the year and the month, for example ${today().slice(0, 7)}.`);
  if (month > today().slice(0, 7)) throw new ToDo("This month is still to come.");
  const told = document.querySelector("input[name=tell_source]:checked");
  if (!(told instanceof HTMLInputElement)) throw new ToDo("Choose yes or no: may the person who gave the information be told?");
  const marks = AXES.map(([axis]) => typed(`mark-${axis}`));
  const given = marks.filter((mark) => mark !== "");
  if (given.length > 0 && given.length < AXES.length) throw new ToDo("Give all five marks, or none.");
  const words = typed("words").replaceAll("\r\n", "\n").trim();
  if ([...words].length > TEXT_MAX) throw new ToDo(`Shorten your words to ${TEXT_MAX.toLocaleString("en")} characters.`);
  const usefulness = given.length === 0 ? null : Object.fromEntries(AXES.map(([axis], at) => [axis, Number(marks[at])]));
  return { stage, code, month, tell_source: told.value === "yes", text: words.replace(/\p{Surrogate}/gu, "\ufffd"), usefulness };
}

/**
 * Show what was signed, as text and as a file.
 * @param {string} what
 * @param {Opened} opened
 * @param {Uint8Array} statement
 */
export function hand(what, opened, statement) {
  const area = /** @type {HTMLTextAreaElement} */ (element(`${what}-text`));
  area.value = text(statement) ?? "";
  offer(`${what}-file`, `${what}-${opened.manifest.release.slice(0, 8)}.json`, statement, "application/json");
  show(`${what}-written`);
  area.focus();
}

/**
 * @param {string} axis
 * @param {string} label
 */
function markOf(axis, label) {
  const box = document.createElement("div");
  const name = /** @type {HTMLLabelElement} */ (made("label", label));
  name.htmlFor = `mark-${axis}`;
  const select = document.createElement("select");
  select.id = `mark-${axis}`;
  select.append(option("", "No mark"), ...MARKS.map((mark) => option(String(mark), String(mark))));
  box.append(name, select);
  return box;
}

function now() {
  if (current === null) throw new ToDo("Open a package first.");
  return current;
}
