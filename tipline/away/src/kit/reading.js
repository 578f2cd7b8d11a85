// A pickup file and a typed codename: the replies in their order, and what is wrong with them, in words.

import * as codenames from "../codename.js";
import { RefusedError } from "../errors.js";
import { openPickup } from "../sealing.js";
import { DAMAGED } from "../troubles.js";
import { dayInWords, element, field, files, judge, make, say, show } from "./dom.js";
import { closed } from "./keys.js";
import { NOT_PICKED_UP, NOT_THESE_WORDS, NO_FOLLOWING, NO_REPLY, UNREADABLE } from "./words.js";
import { aboutWords, hadWhat, noSuchUnit } from "./words.js";

/** @typedef {import("./keys.js").Kit} Kit */
/** What an answer follows, and who has the thread. @typedef {{pickup: Uint8Array, codename: string, role: Role}} Opened */
/** @typedef {import("../pins.js").Role} Role */

const PICKUP_MAX = 1024 * 1024; // bytes; a pickup file is far smaller, and a film is not read into memory

/**
 * Open what was chosen and typed, and show it; null where it did not open or there was nothing to open.
 * @param {Kit} kit
 * @param {string} today
 * @returns {Promise<Opened | null>}
 */
export async function openFile(kit, today) {
  element("code-again").hidden = true;
  const typed = field("words").value;
  const file = files("pickup-file")[0];
  const { codename, wrong } = parsed(typed);
  const good = judge("open-problem", [
    ["words-problem", field("words"), wrong],
    ["pickup-file-problem", element("pickup-file"), file !== undefined && file.size > PICKUP_MAX ? NOT_PICKED_UP : ""],
  ]);
  say("open-problem", "");
  if (!good) return null;
  if (file === undefined) return pickupAgain(codename);
  try {
    const pickup = new Uint8Array(await file.arrayBuffer());
    const found = await openPickup(pickup, codename);
    if (!found.canAnswer && found.troubles.includes(DAMAGED)) {
      say("open-problem", NOT_THESE_WORDS);
      return null;
    }
    const role = showReplies(kit, found, today);
    return role === null ? null : { pickup, codename, role };
  } catch (error) {
    judge("open-problem", [
      ["pickup-file-problem", element("pickup-file"), error instanceof RefusedError ? NOT_PICKED_UP : UNREADABLE],
    ]);
    say("open-problem", "");
    return null;
  }
}

/**
 * @param {string} typed
 * @returns {{codename: string, wrong: string}}
 */
function parsed(typed) {
  try {
    return { codename: codenames.parse(typed), wrong: "" };
  } catch (error) {
    return { codename: "", wrong: aboutWords(error, typed) };
  }
}

/** @param {string} codename */
async function pickupAgain(codename) {
  say("open-pickup", codenames.pickupCode((await codenames.keys(codename)).lookup));
  element("code-again").hidden = false;
  element("code-again").scrollIntoView();
  say("said", "Your pickup code is shown below.");
  return null;
}

/**
 * @param {Kit} kit
 * @param {Awaited<ReturnType<typeof openPickup>>} found
 * @param {string} today
 * @returns {Role | null} of whom an answer goes to, or null where none can follow
 */
function showReplies(kit, found, today) {
  element("troubles").replaceChildren(...found.troubles.map((text) => make("p", `Careful. ${text}`, "problem")));
  element("messages").replaceChildren(...found.shown.map(reply));
  if (found.shown.length === 0) element("messages").append(make("p", NO_REPLY, "empty"));
  say("had", hadWhat(found));
  const unit = kit.pins.units.find((one) => one.unit === found.place?.unit);
  const shut = unit === undefined ? noSuchUnit(found.place?.unit ?? "") : closed(kit, unit.role, today);
  say("answer-closed", found.place === null ? NO_FOLLOWING : shut);
  say("answer-receiver", unit?.name ?? "");
  const open = unit !== undefined && element("answer-closed").hidden;
  element("answer-form").hidden = !open;
  show("replies");
  return open ? unit.role : null;
}

/** @param {{number: number, day: string, text: string}} one */
function reply({ number, day, text }) {
  const shown = make("article", "", "message unit");
  const words = make("div", text, "words");
  words.dir = "auto";
  shown.append(make("h2", `Reply ${number}, ${dayInWords(day)}`), words);
  return shown;
}
