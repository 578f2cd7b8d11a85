// What a source does on their own device: seal a tip, open the replies, seal an answer.
//
// A hand-in of one file comes out as that file. A larger one comes out part by part while memory stays flat, and its
// first file, the slip with the messages, comes out last: the sidecars inside it name the hash of every part. Each
// file says its number, and can be made again.

import { hex, randomId, sha256, utf8 } from "./bytes.js";
import { parsePickup } from "./bundles.js";
import * as codenames from "./codename.js";
import { after, encodeMessage, openPlace, sealMessage, sealPlace, startState } from "./envelope.js";
import { OtherUnitError, PlaceError, TooMuchError } from "./errors.js";
import { MESSAGE_MAX, Parts, encodeSlip, fileName, inOneFile, total } from "./handin.js";
import { sealParts } from "./parts.js";
import * as pins from "./pins.js";
import { readReplies } from "./replies.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */
/** @typedef {import("./codename.js").SourceKeys} SourceKeys */
/** @typedef {import("./envelope.js").Address} Address */
/** @typedef {import("./envelope.js").Body} Body */
/** @typedef {import("./envelope.js").Place} Place */
/** @typedef {import("./handin.js").HandInFile} HandInFile */
/** @typedef {import("./handin.js").Listed} Listed */
/** @typedef {import("./handin.js").OnProgress} OnProgress */
/** @typedef {import("./replies.js").Replies} Replies */

/**
 * With which keys, when and how.
 * @typedef {object} Way
 * @property {Uint8Array} keys what the kit carries or `/keys` handed out
 * @property {Uint8Array} root the root that is trusted, 32 bytes
 * @property {Date} now
 * @property {"kit" | "browser"} way
 * @property {string} codename twelve words, as `codename.make` and `codename.parse` return them
 * @property {File[]} files
 * @property {import("./envelope.js").Filled | null} [filled] answers to the questionnaire, sealed behind the words
 * @property {OnProgress} [onProgress]
 */

/**
 * To whom, and what. Answers go to the unit that has the thread, and nobody is asked which.
 * @typedef {{role: import("./pins.js").Role, text: string, howKnown: string, mustNotLearn: string, urgent: boolean}} TipWords
 */
/** @typedef {{text: string, mustNotLearn: string}} AnswerWords */

/**
 * What is said to whom, and what it follows: the place and its hash, or null of a codename that was never used.
 * @typedef {{to: import("./pins.js").IntakeKey, follows: {place: Place, was: Uint8Array} | null, urgent: boolean, body: Body}} Saying
 */

/** Limits of one report, as the form has them. */
export const LIMITS = Object.freeze({ text: 256 * 1024, detail: 64 * 1024, files: 20, bytes: 2 * 1024 ** 3 });

/** @param {Date} now @returns {string} the day in UTC, by which keys count */
export function dayOf(now) {
  return now.toISOString().slice(0, 10);
}

/**
 * Seal a first message with its files.
 * @param {Way & TipWords} tip
 * @returns {AsyncGenerator<HandInFile, void, void>}
 */
export async function* sealTip(tip) {
  const source = await codenames.keys(tip.codename);
  yield* handIn(tip, source, {
    to: receiver(tip, (unit) => unit.role === tip.role),
    follows: null,
    urgent: tip.urgent,
    body: {
      kind: "tip",
      how_known: wellFormed(tip.howKnown),
      must_not_learn: wellFormed(tip.mustNotLearn),
      text: wellFormed(tip.text),
      urgent: tip.urgent,
    },
  });
}

/**
 * Seal an answer behind the place that a pickup file carries, to the unit that it names; refused where it cannot be opened.
 * @param {Way & AnswerWords & {pickup: Uint8Array}} answer
 * @returns {AsyncGenerator<HandInFile, void, void>}
 */
export async function* sealAnswer(answer) {
  const source = await codenames.keys(answer.codename);
  const { place: was, bundle } = parsePickup(answer.pickup);
  const { place } = await readReplies(bundle, source, remembered(was, source));
  if (place === null) throw new PlaceError();
  const to = receiver(answer, (unit) => unit.unit === place.unit);
  yield* handIn(answer, source, { to, follows: { place, was: sha256(was) }, urgent: false, body: answerBody(answer) });
}

/**
 * The key to seal to today; refused where nobody that the root has signed is meant.
 * @param {Way} way
 * @param {pins.Whom} whom
 */
function receiver({ keys, root, now }, whom) {
  const carried = pins.parseKeys(keys);
  if (!pins.verified(carried, root).units.some(whom)) throw new OtherUnitError();
  return pins.choose(carried, root, whom, dayOf(now));
}

/**
 * Open a pickup file: the replies, and what is wrong with them. `canAnswer` is false where no answer can follow.
 * @param {Uint8Array} pickup
 * @param {string} codename
 * @returns {Promise<Replies & {canAnswer: boolean}>}
 */
export async function openPickup(pickup, codename) {
  const source = await codenames.keys(codename);
  const { place, bundle } = parsePickup(pickup);
  const before = remembered(place, source);
  return { ...(await readReplies(bundle, source, before)), canAnswer: before !== null };
}

/**
 * @param {Uint8Array} sealed
 * @param {SourceKeys} source
 * @returns {Place | null} null when somebody damaged it or put another in its place, or the codename is another
 */
function remembered(sealed, source) {
  try {
    return openPlace(sealed, source);
  } catch {
    return null;
  }
}

/**
 * An answer that says who must not learn of it asks as a first message does.
 * @param {AnswerWords} answer
 * @returns {Body}
 */
function answerBody(answer) {
  const [text, mustNotLearn] = [wellFormed(answer.text), wellFormed(answer.mustNotLearn)];
  if (mustNotLearn.trim() === "") return { kind: "answer", text };
  return { kind: "tip", how_known: "", must_not_learn: mustNotLearn, text, urgent: false };
}

/**
 * @param {Way} way
 * @param {SourceKeys} source
 * @param {Saying} saying
 * @returns {AsyncGenerator<HandInFile, void, void>}
 */
async function* handIn(way, source, saying) {
  checkLimits(saying.body, way.files);
  const { unit, serial, recipient, notBefore: day } = saying.to;
  const address = { unit, serial, recipient, mailbox: source.mailbox, day, urgent: saying.urgent };
  const before = saying.follows?.place ?? { unit, sent: startState(), heard: startState() };
  const thread = new Thread(source, address, before, way);
  const parts = new Parts(way);
  await thread.add(saying.body);
  if (way.filled) await thread.add(way.filled);
  for (const [index, file] of way.files.entries()) {
    const sealing = sealParts(file, address, parts.progressOf(index));
    /** @type {import("./envelope.js").Part[]} */
    const sealed = [];
    let step = await sealing.next();
    for (; !step.done; step = await sealing.next()) {
      const { part, blob } = step.value;
      sealed.push({ id: part.listed.id, sha256: part.listed.sha256, size: part.size });
      parts.hold(index, part, blob);
      if (!inOneFile(total([...thread.listed, ...parts.listed]))) yield* parts.release();
    }
    await thread.add(sidecar(file, sealed, step.value));
  }
  const whole = inOneFile(total([...thread.listed, ...parts.listed]));
  if (!whole) yield* parts.release();
  const of = whole ? 1 : parts.of;
  const front = new Blob([thread.slip(saying.follows?.was ?? null, parts.listed), ...thread.sealed]);
  const blob = new Blob([front, ...parts.held.map((one) => one.blob)]);
  yield {
    name: fileName(1, of),
    number: 1,
    of,
    front: front.size,
    parts: parts.held.flatMap((one) => one.parts),
    blob,
    again: async () => blob,
  };
}

/** The messages of one hand-in, in their order. */
class Thread {
  /** @type {Listed[]} */
  listed = [];
  /** @type {Bytes[]} */
  sealed = [];

  /**
   * @param {SourceKeys} source
   * @param {Address} address
   * @param {Place} place
   * @param {{way: "kit" | "browser", now: Date}} said
   */
  constructor(source, address, place, { way, now }) {
    this.source = source;
    this.address = address;
    this.place = place;
    this.way = way;
    this.at = `${now.toISOString().slice(0, 19)}Z`;
  }

  /** @param {Body} body */
  async add(body) {
    const encoded = encodeMessage(this.source, this.place, { way: this.way, at: this.at, body });
    if (encoded.length > MESSAGE_MAX) throw new TooMuchError(); // some letters take six in JSON
    const sealed = await sealMessage(this.address, encoded);
    this.place = after(this.place, encoded);
    this.sealed.push(sealed);
    this.listed.push({ id: randomId(), kind: "message", sha256: hex(sha256(sealed)), size: sealed.length });
  }

  /**
   * @param {Uint8Array | null} was
   * @param {Listed[]} parts
   */
  slip(was, parts) {
    const recipient = was === null ? this.source.recipient : null;
    const now = sealPlace(this.place, this.source);
    return encodeSlip(this.address, { recipient, was, now, envelopes: [...this.listed, ...parts] });
  }
}

/**
 * The sidecar of a file; its name and type are the browser's words.
 * @param {File} file
 * @param {import("./envelope.js").Part[]} parts
 * @param {Uint8Array} digest of the whole
 * @returns {Body}
 */
function sidecar({ name, type }, parts, digest) {
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  return { kind: "file", name: wellFormed(name), parts, sha256: hex(digest), size, type };
}

/**
 * @param {Body} body
 * @param {File[]} files
 */
function checkLimits(body, files) {
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  const texts = body.kind === "tip" ? [body.how_known, body.must_not_learn] : [];
  const long = "text" in body && utf8(body.text).length > LIMITS.text;
  const detailed = texts.some((text) => utf8(text).length > LIMITS.detail);
  if (long || detailed || files.length > LIMITS.files || bytes > LIMITS.bytes) throw new TooMuchError();
}

/**
 * Half a letter, as a field or a file's name may hold it, has no UTF-8 and is replaced.
 * @param {string} text
 */
function wellFormed(text) {
  return text.replace(/\p{Surrogate}/gu, "\ufffd");
}
