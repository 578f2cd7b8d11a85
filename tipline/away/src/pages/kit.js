// The kit's page: tell something, or open replies and answer. It stores nothing, asks for nothing, and sends nothing.

import { utf8 } from "../bytes.js";
import * as codenames from "../codename.js";
import { Asking } from "../kit/asking.js";
import { chosen, dayInWords, element, field, files, judge, make, say, show } from "../kit/dom.js";
import { DamagedKit, closed, lastDay, read } from "../kit/keys.js";
import { openFile } from "../kit/reading.js";
import { forget, list, sealAll, stop } from "../kit/saving.js";
import { GONE, NO_ANSWER, NO_CHOICE, NO_TIP, TOO_LONG, TOO_MUCH, whyNot } from "../kit/words.js";
import { LIMITS, dayOf, sealAnswer, sealTip } from "../sealing.js";

/** @typedef {import("../kit/keys.js").Kit} Kit */

const WORDS_IN_GROUP = 3;

/** What was opened last, until it is forgotten. @type {import("../kit/reading.js").Opened | null} */
let opened = null;

function start() {
  let kit;
  try {
    kit = read(element("keys").textContent ?? "", today());
  } catch (error) {
    say("refused-words", error instanceof DamagedKit ? error.message : "This kit is damaged.");
    show("refused");
    return;
  }
  const asking = new Asking("questionnaire", "questions");
  welcome(kit);
  on("go-tell", "click", () => show("tell"));
  on("go-open", "click", () => show("open"));
  on("again", "click", () => welcome(kit));
  on("stop", "click", stop);
  for (const back of document.querySelectorAll("[data-back]")) back.addEventListener("click", () => show("start"));
  const clearAll = () => {
    asking.clear();
    clear();
  };
  on("forget", "click", clearAll);
  for (const button of document.querySelectorAll("[data-forget]")) button.addEventListener("click", clearAll);
  on("tell-form", "submit", () => tell(kit, asking));
  on("open-form", "submit", async () => {
    opened = null;
    opened = await openFile(kit, today());
  });
  on("answer-form", "submit", () => answer(kit));
}

/**
 * @param {string} id
 * @param {string} kind
 * @param {() => unknown} act
 */
function on(id, kind, act) {
  element(id).addEventListener(kind, (event) => {
    event.preventDefault();
    void act();
  });
}

/** @param {Kit} kit */
function welcome(kit) {
  const why = closed(kit, "unit", today());
  const nobody = why !== "" && (kit.intake.oversight === undefined || closed(kit, "oversight", today()) !== "");
  say("until", dayInWords(lastDay(kit, "unit")));
  say("start-expired", why);
  /** @type {HTMLButtonElement} */ (element("go-tell")).disabled = nobody;
  element("forget").hidden = false;
  show("start");
}

function clear() {
  opened = null;
  forget();
  element("code-again").hidden = true;
  element("forget").hidden = true;
  show("forgotten");
}

function today() {
  return dayOf(new Date());
}

/**
 * @param {Kit} kit
 * @param {Asking} asking
 */
async function tell(kit, asking) {
  const involved = chosen("involved");
  const radio = /** @type {HTMLInputElement} */ (document.querySelector("input[name=involved]"));
  const role = involved === "yes" ? "oversight" : "unit";
  const shut = involved === null ? "" : closed(kit, role, today());
  const text = field("message").value;
  const good = judge("tell-problem", [
    ["involved-problem", radio, involved === null ? NO_CHOICE : shut],
    ["message-problem", field("message"), text.trim() === "" ? NO_TIP : long(text, LIMITS.text)],
    ["how_known-problem", field("how_known"), long(field("how_known").value, LIMITS.detail)],
    ["must_not_learn-problem", field("must_not_learn"), long(field("must_not_learn").value, LIMITS.detail)],
    ...asking.problems(),
    ["tell-files-problem", element("tell-files"), tooMuch(files("tell-files"))],
  ]);
  if (!good) return;
  const filled = asking.filled();
  const codename = codenames.make();
  const kept = await attempt("tell-problem", (onProgress) =>
    sealTip({
      ...way(kit, codename, onProgress),
      role,
      text,
      howKnown: field("how_known").value,
      mustNotLearn: field("must_not_learn").value,
      urgent: /** @type {HTMLInputElement} */ (document.querySelector("input[name=urgent]")).checked,
      files: files("tell-files"),
      filled,
    }),
  );
  if (kept === null) return;
  say("receiver", kit.pins.units.find((unit) => unit.role === role)?.name ?? "");
  await showCodename(codename);
  hand("sealed", kept);
}

/**
 * @param {Kit} kit
 * @param {string} codename
 * @param {(sealed: number, all: number) => void} onProgress
 */
function way(kit, codename, onProgress) {
  return { keys: kit.keys, root: kit.root, now: new Date(), way: /** @type {const} */ ("kit"), codename, onProgress };
}

/** @param {string} codename */
async function showCodename(codename) {
  const words = codename.split(" ");
  const groups = [];
  for (let at = 0; at < words.length; at += WORDS_IN_GROUP) {
    groups.push(make("span", words.slice(at, at + WORDS_IN_GROUP).join(" ")));
  }
  element("codename").replaceChildren(...groups);
  say("pickup", codenames.pickupCode((await codenames.keys(codename)).lookup));
}

/**
 * @param {string} section
 * @param {import("../kit/saving.js").Kept[]} kept
 */
function hand(section, kept) {
  const place = document.querySelector(`#${section} [data-files]`);
  list(/** @type {HTMLElement} */ (place), kept, GONE);
  show(section);
}

/**
 * Seal; what is wrong is said in words and keeps everything that was typed.
 * @param {string} problem the element for words
 * @param {Parameters<typeof sealAll>[0]} seal
 */
async function attempt(problem, seal) {
  try {
    return await sealAll(seal);
  } catch (error) {
    say(problem, whyNot(error));
    element(problem).scrollIntoView();
    return null;
  }
}

/** @param {Kit} kit */
async function answer(kit) {
  if (opened === null) return;
  const { pickup, codename, role } = opened;
  const text = field("answer").value;
  const asked = field("answer-must_not_learn").value;
  const empty = text.trim() === "" ? NO_ANSWER : "";
  const good = judge("answer-problem", [
    ["answer-text-problem", field("answer"), closed(kit, role, today()) || empty || long(text, LIMITS.text)],
    ["answer-must_not_learn-problem", field("answer-must_not_learn"), long(asked, LIMITS.detail)],
    ["answer-files-problem", element("answer-files"), tooMuch(files("answer-files"))],
  ]);
  if (!good) return;
  const kept = await attempt("answer-problem", (onProgress) =>
    sealAnswer({
      ...way(kit, codename, onProgress),
      pickup,
      text,
      mustNotLearn: asked,
      files: files("answer-files"),
    }),
  );
  if (kept !== null) hand("answered", kept);
}

/**
 * @param {string} text
 * @param {number} most bytes
 */
function long(text, most) {
  return utf8(text).length > most ? TOO_LONG : "";
}

/** @param {File[]} given */
function tooMuch(given) {
  const bytes = given.reduce((sum, file) => sum + file.size, 0);
  return given.length > LIMITS.files || bytes > LIMITS.bytes ? TOO_MUCH : "";
}

start();
