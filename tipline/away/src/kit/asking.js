// The questionnaire on a page with script: the same questions, conditions and checks as the form's steps, all on one page.
// A question whose condition does not hold is not seen, and what was typed there is not sealed.

import { bodyOf, carried, isAsked, questionsOf, read, say as inLanguage, WORDS_MAX } from "../questionnaire.js";
import { utf8 } from "../bytes.js";
import { element, make } from "./dom.js";

/** @typedef {import("../questionnaire.js").Question} Question */
/** @typedef {import("../questionnaire.js").Choice} Choice */
/** @typedef {import("../questionnaire.js").Fields} Fields */

const LANGUAGE = "en"; // the page around it has no other

/** What is wrong, in words. @type {{[wrong: string]: string}} */
const WORDS = {
  missing: "This question needs an answer.",
  "too long": "This is too long. Shorten it.",
  "no day": "Write the day as 2026-11-23, or leave it out and use your own words below.",
  "no number": "Write one number in digits, such as 1500 or 2.5, with no sign between thousands. If you do not know it, leave it out.",
  "too great": "This number is too great.",
  "too much": "Your answers together are too long to seal in one piece. Shorten this one.",
};

/** The questions of one page. */
export class Asking {
  /**
   * Read the questionnaire that the page carries and put its questions in their place.
   * @param {string} data the id of the element that carries it
   * @param {string} place the id of the one that takes the questions
   */
  constructor(data, place) {
    this.questionnaire = carried(utf8((element(data).textContent ?? "").replaceAll("\\u003c", "<")));
    this.place = element(place);
    this.place.replaceChildren(
      ...this.questionnaire.sections.flatMap((section) => [
        make("h2", inLanguage(section.title, LANGUAGE)),
        ...section.questions.map(block),
      ]),
    );
    this.place.addEventListener("input", () => this.update());
    this.update();
  }

  /** Show what is asked after the answers until now. */
  update() {
    const { values } = read(this.questionnaire, this.fields());
    for (const question of questionsOf(this.questionnaire)) {
      element(`q-${question.key}-block`).hidden = !isAsked(question, values);
      if (question.kind === "listed") narrow(question.key);
    }
  }

  /** @returns {Fields} what was typed and chosen */
  fields() {
    /** @type {Fields} */
    const fields = new Map();
    for (const input of this.place.querySelectorAll("input, textarea")) {
      const { value, dataset } = /** @type {HTMLInputElement} */ (input);
      const name = dataset.name ?? "";
      const isBox = input instanceof HTMLInputElement && (input.type === "checkbox" || input.type === "radio");
      if (!isBox || input.checked) fields.set(name, [...(fields.get(name) ?? []), value]);
    }
    return fields;
  }

  /** @returns {[string, HTMLElement, string][]} what is wrong, as `judge` takes it */
  problems() {
    const { problems } = read(this.questionnaire, this.fields());
    const folded = this.place.closest("details");
    if (folded !== null && problems.size > 0) folded.open = true;
    return questionsOf(this.questionnaire).map(({ key }) => {
      const wrong = problems.get(key);
      const first = element(`q-${key}-block`).querySelector("input, textarea");
      return [`q-${key}-problem`, /** @type {HTMLElement} */ (first), wrong === undefined ? "" : (WORDS[wrong] ?? wrong)];
    });
  }

  /** @returns {import("../envelope.js").Filled | null} null where nothing was answered */
  filled() {
    const { values } = read(this.questionnaire, this.fields());
    return values.size === 0 ? null : bodyOf(this.questionnaire, LANGUAGE, values);
  }

  /** Take out what was typed. */
  clear() {
    for (const input of this.place.querySelectorAll("input, textarea")) {
      const field = /** @type {HTMLInputElement} */ (input);
      if (field.type === "checkbox" || field.type === "radio") field.checked = false;
      else field.value = "";
    }
    this.update();
  }
}

/**
 * One question with its fields.
 * @param {Question} question
 */
function block(question) {
  const { key, kind } = question;
  const many = kind === "one" || kind === "several" || kind === "when" || kind === "listed";
  const made = make(many ? "fieldset" : "div", "", "field");
  made.id = `q-${key}-block`;
  const head = make(many ? "legend" : "label", inLanguage(question.ask, LANGUAGE));
  if (head instanceof HTMLLabelElement) head.htmlFor = `q-${key}`;
  made.append(head);
  const said = inLanguage(question.help, LANGUAGE);
  if (said !== "") made.append(named(make("p", said, "hint"), `q-${key}-help`));
  const problem = named(make("p", "", "problem"), `q-${key}-problem`);
  problem.hidden = true;
  made.append(problem, ...inputs(question));
  for (const input of made.querySelectorAll("input, textarea")) {
    input.setAttribute("aria-describedby", `${said === "" ? "" : `q-${key}-help `}q-${key}-problem`);
  }
  return made;
}

/**
 * @param {Question} question
 * @returns {HTMLElement[]}
 */
function inputs({ key, kind, groups, maximum }) {
  const choices = groups.flatMap((group) => group.choices);
  if (kind === "one") return [...choices, { code: "", name: { en: "I leave this out" } }].map((choice) => box(key, "radio", choice));
  if (kind === "several") return choices.map((choice) => box(key, "checkbox", choice));
  if (kind === "when") {
    return [...typed(`${key}.day`, "The day", "date"), ...typed(`${key}.about`, "Or in your own words", "text", WORDS_MAX)];
  }
  if (kind === "listed") {
    const list = named(make("details"), `q-${key}-list`);
    list.append(make("summary", "Or choose from the list"));
    for (const group of groups) {
      const part = make("fieldset", "", "group");
      part.append(make("legend", inLanguage(group.name, LANGUAGE)), ...group.choices.map((choice) => box(key, "checkbox", choice)));
      list.append(part);
    }
    return [...typed(`${key}.words`, "Type a name: the list below shows what is like it", "text", WORDS_MAX), list];
  }
  if (kind === "long") {
    const area = field(make("textarea"), key);
    area.setAttribute("rows", "5");
    return [area];
  }
  const line = field(make("input"), key);
  if (kind === "number") line.inputMode = "decimal";
  else line.maxLength = 2 * maximum; // letters of two halves count as one when it is read
  return [line];
}

/**
 * @param {string} key
 * @param {"radio" | "checkbox"} type
 * @param {Choice} choice
 */
function box(key, type, { code, name }) {
  const input = /** @type {HTMLInputElement} */ (make("input"));
  input.type = type;
  input.value = code;
  input.autocomplete = "off";
  input.dataset.name = key;
  if (type === "radio") input.name = `q-${key}`;
  const label = make("label", "", "choice");
  label.append(input, make("span", inLanguage(name, LANGUAGE).split(/[;\uff1b]/)[0]?.trim()));
  label.dataset.names = [code, ...Object.values(name)].join("\n").toLowerCase();
  return label;
}

/**
 * A line to type in, below its label.
 * @param {string} name of the field
 * @param {string} words
 * @param {string} type
 * @param {number} [maximum]
 */
function typed(name, words, type, maximum) {
  const label = /** @type {HTMLLabelElement} */ (make("label", words));
  label.htmlFor = `q-${name}`;
  const line = field(make("input"), name);
  line.type = type;
  if (maximum !== undefined) line.maxLength = 2 * maximum;
  return [label, line];
}

/**
 * @param {HTMLElement} made
 * @param {string} name of the field
 */
function field(made, name) {
  const input = /** @type {HTMLInputElement} */ (named(made, `q-${name}`));
  input.dataset.name = name;
  input.dir = "auto";
  input.autocomplete = "off";
  input.spellcheck = false;
  return input;
}

/**
 * @param {HTMLElement} made
 * @param {string} id
 */
function named(made, id) {
  made.id = id;
  return made;
}

/**
 * Show of a long list what is ticked or has a name like the last one typed; all of it where nothing is like that.
 * @param {string} key
 */
function narrow(key) {
  const { value } = /** @type {HTMLInputElement} */ (element(`q-${key}.words`));
  const piece = (value.split(/[,;\u060c\u3001\uff0c]/).at(-1) ?? "").trim().toLowerCase();
  const list = /** @type {HTMLDetailsElement} */ (element(`q-${key}-list`));
  const labels = [...list.querySelectorAll("label")];
  const like = labels.filter((label) => piece !== "" && (label.dataset.names ?? "").includes(piece));
  for (const label of labels) label.hidden = like.length > 0 && !like.includes(label) && !label.querySelector(":checked");
  for (const group of list.querySelectorAll("fieldset")) group.hidden = [...group.querySelectorAll("label")].every((label) => label.hidden);
  if (like.length > 0) list.open = true;
}
