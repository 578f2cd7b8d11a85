// A questionnaire, and from what was typed to answers: what it asks, checked, and nothing else.
// Layout: docs/format.md, "Questionnaires and answers". It mirrors tipline/questionnaire/answers.py.

import { hex, sha256 } from "./bytes.js";
import { canonical } from "./canonical.js";
import { EnvelopeError } from "./errors.js";
import * as strict from "./strict.js";

/** One text by language code; English is in each that is not empty. @typedef {{[language: string]: string}} Texts */
/** @typedef {{code: string, name: Texts}} Choice */
/** @typedef {{key: string, name: Texts, choices: Choice[]}} Group */
/** @typedef {"text" | "long" | "place" | "when" | "number" | "one" | "several" | "listed"} Kind */
/**
 * @typedef {object} Question
 * @property {string} key
 * @property {Kind} kind
 * @property {Texts} ask
 * @property {Texts} help
 * @property {boolean} required
 * @property {number} maximum of characters, or of a number
 * @property {boolean} personal
 * @property {{[key: string]: string[]}} when
 * @property {Group[]} groups
 * @property {string} source
 */
/** @typedef {{key: string, title: Texts, questions: Question[]}} Section */
/** @typedef {{name: string, languages: string[], sections: Section[], schema: string}} Questionnaire *schema* is its hash */

/** @typedef {string | string[] | {day: string, about: string} | {codes: string[], words: string}} Value */
/** @typedef {"missing" | "too long" | "no day" | "no number" | "too great" | "too much"} Wrong */
/** The fields of a form, each with every value it was given. @typedef {Map<string, string[]>} Fields */

const FORMAT = "tipline/questionnaire/v1";
const ANSWERS_MAX = 64 * 1024;
export const WORDS_MAX = 300;

const CONTROLS = /[\0-\x08\x0b-\x1f\x7f-\x9f]|\p{Surrogate}/gu;
const BLANKS = "[ \\t\\n\\u00a0\\u2000-\\u200a\\u202f\\u3000]";
const AROUND = new RegExp(`^${BLANKS}+|${BLANKS}+$`, "gu");
const NUMBER = /^0*([0-9]{1,12})(?:[.,]([0-9]{1,2}))?$/;

/**
 * Read a whole questionnaire.
 * @param {Uint8Array} data canonical JSON
 * @returns {Questionnaire}
 */
export function parse(data) {
  const { name, languages, sections } = strict.ofFormat(data, FORMAT, ["format", "languages", "name", "sections"]);
  if (!Array.isArray(languages) || !Array.isArray(sections)) throw new EnvelopeError();
  const schema = hex(sha256(data));
  return { name: strict.text(name), languages: languages.map(strict.text), sections: /** @type {any} */ (sections), schema };
}

/**
 * Read what a kit or a page carries: the questionnaire in the page's language, and the hash of the whole.
 * @param {Uint8Array} data canonical JSON
 * @returns {Questionnaire}
 */
export function carried(data) {
  const { asked, schema } = strict.jsonObject(data, ["asked", "schema"]);
  return { ...parse(canonical(asked ?? null)), schema: hex(strict.hash32(schema)) };
}

/** @param {Questionnaire} questionnaire */
export function questionsOf(questionnaire) {
  return questionnaire.sections.flatMap((section) => section.questions);
}

/** @param {Question} question */
export function codesOf(question) {
  return question.groups.flatMap((group) => group.choices.map((choice) => choice.code));
}

/**
 * A text in a language, or in English.
 * @param {Texts} texts
 * @param {string} language
 */
export function say(texts, language) {
  return texts[language] || texts.en || "";
}

/**
 * Take the answers out of a form's fields; a question whose condition does not hold is not asked.
 * @param {Questionnaire} questionnaire
 * @param {Fields} fields
 * @returns {{values: Map<string, Value>, problems: Map<string, Wrong>}}
 */
export function read(questionnaire, fields) {
  /** @type {Map<string, Value>} */
  const values = new Map();
  /** @type {Map<string, Wrong>} */
  const problems = new Map();
  for (const question of questionsOf(questionnaire)) {
    if (!isAsked(question, values)) continue;
    const { value, wrong } = answer(question, fields);
    if (wrong !== undefined) problems.set(question.key, wrong);
    else if (value !== undefined) values.set(question.key, value);
    else if (question.required) problems.set(question.key, "missing");
  }
  const longest = tooMuch(values);
  if (longest !== null) problems.set(longest, "too much");
  return { values, problems };
}

/**
 * Whether a question's conditions hold, after the answers to earlier ones.
 * @param {Question} question
 * @param {Map<string, Value>} values
 */
export function isAsked(question, values) {
  return Object.entries(question.when).every(([key, codes]) => {
    const value = values.get(key);
    return value !== undefined && (codes.length === 0 || chosenIn(value).some((code) => codes.includes(code)));
  });
}

/**
 * The body of the message that carries answers.
 * @param {Questionnaire} questionnaire
 * @param {string} language in which they were asked
 * @param {Map<string, Value>} values
 */
export function bodyOf(questionnaire, language, values) {
  const answers = Object.fromEntries(values);
  return { kind: /** @type {const} */ ("questionnaire"), answers, language, schema: questionnaire.schema };
}

/**
 * @param {Value} value
 * @returns {string[]} the codes that it chose
 */
function chosenIn(value) {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value;
  return "codes" in value ? value.codes : [];
}

/**
 * The question with the longest answer, where all together are too much.
 * @param {Map<string, Value>} values
 */
function tooMuch(values) {
  let all = 0;
  let most = 0;
  let longest = null;
  for (const [key, value] of values) {
    const size = canonical(value).length;
    all += size;
    if (size > most) [longest, most] = [key, size];
  }
  return all > ANSWERS_MAX ? longest : null;
}

/**
 * @param {Question} question
 * @param {Fields} fields
 * @returns {{value?: Value, wrong?: Wrong}} neither where there is no answer
 */
function answer(question, fields) {
  const { key, kind, maximum } = question;
  const given = fields.get(key) ?? [];
  const [first] = given;
  if (kind === "one") return first !== undefined && codesOf(question).includes(first) ? { value: first } : {};
  if (kind === "number") return number(line(given), maximum);
  if (kind === "when") return when(line(fields.get(`${key}.day`)), line(fields.get(`${key}.about`)));
  const codes = codesOf(question).filter((code) => given.includes(code));
  if (kind === "several") return codes.length > 0 ? { value: codes } : {};
  if (kind === "listed") {
    const words = line(fields.get(`${key}.words`));
    return codes.length > 0 || words !== "" ? limited({ codes, words }, words, WORDS_MAX) : {};
  }
  const text = kind === "long" ? clean(given) : line(given);
  return text === "" ? {} : limited(text, text, maximum);
}

/**
 * @param {Value} value
 * @param {string} text
 * @param {number} maximum of code points
 * @returns {{value?: Value, wrong?: Wrong}}
 */
function limited(value, text, maximum) {
  return [...text].length > maximum ? { wrong: "too long" } : { value };
}

/**
 * @param {string} day
 * @param {string} about
 * @returns {{value?: Value, wrong?: Wrong}}
 */
function when(day, about) {
  if (day === "" && about === "") return {};
  try {
    if (day !== "") strict.day(day);
  } catch {
    return { wrong: "no day" };
  }
  return limited({ day, about }, about, WORDS_MAX);
}

/**
 * @param {string} text
 * @param {number} maximum
 * @returns {{value?: Value, wrong?: Wrong}}
 */
function number(text, maximum) {
  if (text === "") return {};
  const found = NUMBER.exec(text.replace(/[\u0660-\u0669\u06f0-\u06f9]/g, digit).replaceAll("\u066b", "."));
  if (found === null) return { wrong: "no number" };
  const [whole, decimals] = [Number(found[1]), found[2]];
  if (whole > maximum || (whole === maximum && Number(decimals ?? 0) > 0)) return { wrong: "too great" };
  return { value: decimals === undefined ? String(whole) : `${whole}.${decimals}` };
}

/** @param {string} letter a digit of Arabic or Persian */
function digit(letter) {
  return String(letter.charCodeAt(0) & 0xf);
}

/**
 * The first value without what nobody types, and without blanks around it.
 * @param {string[] | undefined} given
 */
function clean(given) {
  return (given?.[0] ?? "").replaceAll("\r\n", "\n").replace(CONTROLS, "").replace(AROUND, "");
}

/** @param {string[] | undefined} given */
function line(given) {
  return clean(given).replace(/[\n\t]/g, " ");
}
