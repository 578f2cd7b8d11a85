// Material for the unit: written, signed and sealed here, shown as text and offered as a file, to be taken to the portal.

import * as agency from "../agency.js";
import { utf8 } from "../bytes.js";
import { CLASSES, HANDLING, MARKINGS, PURPOSES, SCHEMES } from "../codes.js";
import { RefusedError } from "../errors.js";
import { LINE_MAX, LINES_MAX, REFERENCE_MAX, seal, TEXT_MAX } from "../material.js";
import { foldPassphrase } from "../passphrase.js";
import { chosen, copy, element, groups, made, offer, onSubmit, option, progress, say, show, ToDo, today, typed } from "./dom.js";
import { refused } from "./words.js";

/** @typedef {import("../agency.js").AgencySecret} AgencySecret */
/** @typedef {import("../agency.js").UnitKeys} UnitKeys */

const SMALL = 64 * 1024;
const AGENCY = /^[a-z0-9-]{1,32}$/;
const AGENCIES_MAX = 20; // as handling/rules/material.py takes them

/** Get the part of the page ready in which material is written. */
export function ready() {
  element("send-scheme").append(...SCHEMES.map(({ name }) => option(name, name)));
  element("send-scheme").addEventListener("change", codes);
  element("send-marking").append(...MARKINGS.map(([code, label]) => option(code, `TLP:${code}: ${label}`)));
  element("send-handling").append(...HANDLING.map(([code, label]) => option(code, `${code}: ${label}`)));
  element("send-purposes").append(...PURPOSES.map(([code, label]) => box("send-purpose", code, label)));
  element("send-classes").append(...CLASSES.map(([code, label]) => box("send-class", code, label)));
  for (const radio of document.querySelectorAll("input[name=send-pass-on]")) radio.addEventListener("change", listed);
  element("send-unit").addEventListener("change", compare);
  element("send-copy").addEventListener("click", () => copy("send-text", "send-copied"));
  onSubmit("send-form", send, refused);
}

/** Offer the codes of the scheme that was chosen; a grade means nothing without its scheme. */
function codes() {
  const scheme = SCHEMES.find(({ name }) => name === typed("send-scheme"));
  show("send-codes", scheme !== undefined);
  for (const axis of /** @type {const} */ (["source", "information"])) {
    const offered = (scheme?.[axis] ?? []).map(([code, label]) => option(code, `${code}: ${label}`));
    element(`send-${axis}`).replaceChildren(option("", "Choose one"), ...offered);
  }
}

function listed() {
  show("send-listed", picked("send-pass-on")[0] === "may");
}

async function send() {
  const written = form();
  const key = await chosen("send-key", SMALL);
  if (key === null) throw new ToDo("Choose your agency's key file.");
  const given = await unitKeys();
  const secret = await agency.readKeyFile(key, foldPassphrase(typed("send-passphrase")), progress("send-form", "Unlocking the key file"));
  const { unit, desk } = known(secret, given);
  const sealed = await seal(secret, written, unit, desk, today());
  if (sealed === null) throw new ToDo("This is longer than one file may be. Send it in two.");
  /** @type {HTMLTextAreaElement} */ (element("send-text")).value = sealed.text;
  offer("send-file", `material-${sealed.mark}.age`, utf8(sealed.text), "text/plain");
  say("send-mark", sealed.mark);
  say("send-copied", "");
  show("send-written");
  element("send-text").focus();
}

/** Read the form as the unit reads the document. */
function form() {
  const reference = line(typed("send-reference"));
  if (reference === "" || reference.length > REFERENCE_MAX) {
    throw new ToDo("Give it a reference of your own, in one line: by that you and the unit call it.");
  }
  const text = typed("send-words").replaceAll("\r\n", "\n").replace(/[^\P{Cc}\n\t]/gu, " ").replace(/\p{Surrogate}/gu, "\ufffd").trim();
  if (text === "") throw new ToDo("Write what you want to tell the unit.");
  if ([...text].length > TEXT_MAX) throw new ToDo(`Shorten your text to ${TEXT_MAX.toLocaleString("en")} characters, or send it in two.`);
  const conditions = typed("send-conditions").split("\n").map(line).filter((one) => one !== "");
  if (conditions.length > LINES_MAX || conditions.some((one) => one.length > LINE_MAX) || new Set(conditions).size < conditions.length) {
    throw new ToDo(`Write at most ${LINES_MAX} conditions, each once and on one line of at most ${LINE_MAX} characters.`);
  }
  const deleteBy = typed("send-delete");
  if (deleteBy !== "" && (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(deleteBy) || deleteBy < today())) {
    throw new ToDo("Write the last day on which it may be kept as year, month and day, for example 2027-06-30. It lies ahead.");
  }
  const answers = typed("send-answers").trim().toLowerCase();
  if (answers !== "" && !/^[0-9a-f]{8}$/.test(answers)) throw new ToDo("A package's reference is 8 signs: digits and letters from a to f.");
  const purposes = picked("send-purpose");
  return {
    reference,
    text,
    grade: grade(),
    ...passingOn(),
    purposes: purposes.length === 0 ? null : purposes,
    deleteBy: deleteBy || null,
    marking: typed("send-marking") || null,
    handling: typed("send-handling") || null,
    conditions,
    answers: answers || null,
  };
}

function grade() {
  const scheme = typed("send-scheme");
  if (scheme === "") return null;
  const [source, information] = [typed("send-source"), typed("send-information")];
  if (source === "" || information === "") throw new ToDo("Choose both codes of your grade, or give none.");
  return [scheme, source, information];
}

function passingOn() {
  const [passOn] = picked("send-pass-on");
  if (passOn === undefined) throw new ToDo("Say whether the unit may pass it on.");
  if (passOn !== "may") return { passOn, agencies: [], classes: [] };
  const agencies = [...new Set(typed("send-agencies").toLowerCase().split(/[\s,]+/).filter((one) => one !== ""))];
  if (!agencies.every((one) => AGENCY.test(one))) {
    throw new ToDo("Write agencies as the unit calls them, for example river-parks. Ask it for their names.");
  }
  const classes = picked("send-class");
  if (agencies.length > AGENCIES_MAX) throw new ToDo(`Name ${AGENCIES_MAX} agencies at most, or a kind of agency.`);
  if (agencies.length + classes.length === 0) throw new ToDo("Say to whom it may be passed on: an agency, or a kind of agency.");
  return { passOn, agencies, classes };
}

/** Show what is compared by telephone, as soon as the file is chosen. */
async function compare() {
  /** @type {HTMLInputElement} */ (element("send-compared")).checked = false;
  const keys = await unitKeys().catch(() => null);
  show("send-compare", keys !== null);
  if (keys !== null) say("send-fingerprint", groups(agency.unitFingerprint(keys)));
}

/** @returns {Promise<UnitKeys | null>} */
async function unitKeys() {
  const file = await chosen("send-unit", SMALL);
  if (file === null) return null;
  try {
    return agency.readUnitKeys(file);
  } catch (error) {
    if (error instanceof RefusedError) {
      throw new ToDo("This is not the unit's file of keys. Download unit-keys.json from the portal again.");
    }
    throw error;
  }
}

/**
 * Whom it is sealed to: what the key file has pinned, or what was compared by telephone just now.
 * @param {AgencySecret} secret
 * @param {UnitKeys | null} given
 */
function known({ pinned }, given) {
  const has = pinned !== null && pinned.desk !== null && pinned.unit !== null;
  if (has && given !== null && !agency.sameUnit(pinned, given)) {
    throw new ToDo("This is not the unit's key that your key file holds. Seal nothing, and call the unit on a number you already have.");
  }
  if (has) return { unit: String(pinned.unit), desk: String(pinned.desk) };
  if (given === null) throw new ToDo("Your key file holds no key of the unit yet. Choose unit-keys.json, which the portal hands out.");
  if (!(/** @type {HTMLInputElement} */ (element("send-compared")).checked)) {
    throw new ToDo("Compare the unit's key by telephone, above, and tick that you did. Then press the button again.");
  }
  return { unit: String(given.unit), desk: String(given.desk) };
}

/** @param {string} name of boxes or radios */
function picked(name) {
  const found = document.querySelectorAll(`input[name=${name}]:checked`);
  return [...found].map((one) => /** @type {HTMLInputElement} */ (one).value);
}

/**
 * One line, every kind of space a plain one: what is no letter, sign or digit to anybody is taken out.
 * @param {string} words
 */
function line(words) {
  return words.replace(/[\s\p{Z}]+/gu, " ").replace(/\p{C}/gu, "").trim();
}

/**
 * @param {string} name
 * @param {string} value
 * @param {string} words
 */
function box(name, value, words) {
  const label = made("label", "");
  label.className = "choice";
  const input = document.createElement("input");
  input.type = "checkbox";
  input.name = name;
  input.value = value;
  label.append(input, " ", made("span", words));
  return label;
}
