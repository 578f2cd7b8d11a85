// The page that seals in the browser: the same questions as the form, and nothing leaves before it is sealed.
// The codename is made here and never sent; the document holds no form element until a person asks for the other way.

import { sendTheOtherWay } from "../browser/other.js";
import { Progress } from "../browser/progress.js";
import { NotSent, Sending, askForKeys } from "../browser/sending.js";
import * as codenames from "../codename.js";
import { CanonicalError, EnvelopeError, FileChangedError, IntakeKeyError, TooMuchError } from "../errors.js";
import { Asking } from "../kit/asking.js";
import { chosen, element, field, files, judge, make, say, show } from "../kit/dom.js";
import { parseKeys, verified } from "../pins.js";
import { LIMITS, sealTip } from "../sealing.js";

/**
 * A report on its way, until it has arrived or is given up.
 * @typedef {{codename: string, receiver: string, sending: Sending, progress: Progress}} Report
 */

const TOO_LONG = "This is too long to send in one piece. Shorten it, or attach it as a file.";
const TOO_MUCH = "One report takes at most 20 files and 2 GB. Send the rest as another report.";
const LINE = "The line broke. What was sent so far is sealed and stays there for some hours; the rest can go on from here.";
const UNREACHED = "The server could not be reached. Nothing was sent: try again.";
const NO_KEY = "There is no valid key to seal it with just now, so nothing was sent. Try again later or tomorrow.";
const NOT_WHOLE =
  "The keys to seal it with did not come as they were signed: damaged or changed on the way. Nothing was sent. Try again later.";
const CHANGED = "A file you chose has changed or is gone. Go back and choose it again.";
const OWN_FAULT = "Sealing did not work in this browser. Nothing was sent.";
const REFUSED = "The server did not take it, and it was not opened. Go back and send it again: it is sealed afresh.";
const FULL = "Too much is waiting there just now. Try again tomorrow.";
const WORDS_IN_GROUP = 3;
const GROUPS_IN_LINE = 4;

/** Codes of the server after which the very same files can be sent again. */
const SAME_AGAIN = new Set(["line", "line-broke", "full", "damaged", "empty"]);

/** @type {Report | null} */
let report = null;

const asking = new Asking("questionnaire", "questions");

function start() {
  on("send", begin);
  on("again", () => (report === null ? begin() : go(report)));
  on("back", () => {
    report = null;
    show("write");
  });
  on("other-way", () =>
    sendTheOtherWay({
      involved: chosen("involved") ?? "",
      urgent: urgent(),
      message: field("message").value,
      how_known: field("how_known").value,
      must_not_learn: field("must_not_learn").value,
    }),
  );
  addEventListener("pagehide", () => {
    forget();
    for (const id of ["codename", "pickup"]) element(id).replaceChildren();
  });
  element("starting").hidden = true;
  element("write").hidden = false;
}

/**
 * @param {string} id
 * @param {() => unknown} act
 */
function on(id, act) {
  element(id).addEventListener("click", () => void act());
}

function urgent() {
  return /** @type {HTMLInputElement} */ (element("urgent")).checked;
}

async function begin() {
  if (!complete()) return;
  say("sending-words", "Asking for the keys to seal with …");
  say("sending-left", "");
  const progress = new Progress(element("pieces"), files("files"));
  show("sending");
  try {
    report = made(await askForKeys(), progress);
  } catch (error) {
    fail(error);
    return;
  }
  await go(report);
}

/**
 * @param {Uint8Array} keys
 * @param {Progress} progress
 * @returns {Report}
 */
function made(keys, progress) {
  const role = chosen("involved") === "yes" ? "oversight" : "unit";
  const { root } = parseKeys(keys); // of the same server as this script: it guards against damage alone
  const receiver = verified(parseKeys(keys), root).units.find((unit) => unit.role === role)?.name ?? "";
  const codename = codenames.make();
  const sealing = sealTip({
    keys,
    root,
    role,
    now: new Date(),
    way: "browser",
    codename,
    text: field("message").value,
    howKnown: field("how_known").value,
    mustNotLearn: field("must_not_learn").value,
    urgent: urgent(),
    files: files("files"),
    filled: asking.filled(),
    onProgress: (_sealed, _all, file, ofIt) => progress.sealing(file, ofIt),
  });
  const sending = new Sending(sealing, (file, part) => progress.sending(file, part));
  return { codename, receiver, sending, progress };
}

/** Say at each field what is missing; whether all is there. */
function complete() {
  const long = (/** @type {string} */ id, /** @type {number} */ most) =>
    new TextEncoder().encode(field(id).value).length > most ? TOO_LONG : "";
  const empty = field("message").value.trim() === "" ? "Write what happened first. One line is enough." : "";
  const upload = files("files");
  const much = upload.length > LIMITS.files || upload.reduce((sum, file) => sum + file.size, 0) > LIMITS.bytes;
  const whom = chosen("involved") === null ? "Choose one of the two. It decides who receives your report." : "";
  return judge("write-problem", [
    ["involved-problem", element("involved"), whom],
    ["message-problem", element("message"), empty || long("message", LIMITS.text)],
    ["how_known-problem", element("how_known"), long("how_known", LIMITS.detail)],
    ["must_not_learn-problem", element("must_not_learn"), long("must_not_learn", LIMITS.detail)],
    ...asking.problems(),
    ["files-problem", element("files"), much ? TOO_MUCH : ""],
  ]);
}

/**
 * Seal and send, from where it stopped.
 * @param {Report} what
 */
async function go(what) {
  say("sending-words", "Each part is sealed here, then sent …");
  what.progress.start();
  show("sending");
  try {
    await what.sending.go();
  } catch (error) {
    fail(error);
    return;
  }
  await finish(what);
}

/** @param {unknown} error */
function fail(error) {
  if (!(error instanceof NotSent) || !SAME_AGAIN.has(error.code)) report = null; // sealed afresh the next time
  say("failed-words", wordsFor(error));
  show("failed");
}

/**
 * @param {unknown} error
 * @returns {string}
 */
function wordsFor(error) {
  if (error instanceof FileChangedError) return CHANGED;
  if (error instanceof TooMuchError) return TOO_MUCH;
  if (error instanceof IntakeKeyError) return NO_KEY;
  if (error instanceof EnvelopeError || error instanceof CanonicalError) return NOT_WHOLE;
  if (!(error instanceof NotSent)) return OWN_FAULT;
  if (error.code === "no-keys" || error.code === "retired-key") return NO_KEY;
  if (error.code === "full") return FULL;
  if (!SAME_AGAIN.has(error.code)) return REFUSED;
  return report === null ? UNREACHED : LINE;
}

/** @param {Report} what */
async function finish({ codename, receiver }) {
  const { lookup } = await codenames.keys(codename);
  lines("codename", codename.split(" "), WORDS_IN_GROUP);
  lines("pickup", codenames.pickupCode(lookup).split(" "), GROUPS_IN_LINE);
  say("receiver", receiver);
  forget();
  show("done");
}

/**
 * @param {string} id
 * @param {string[]} words
 * @param {number} each how many stand in one line
 */
function lines(id, words, each) {
  const made = [];
  for (let at = 0; at < words.length; at += each) made.push(make("span", words.slice(at, at + each).join(" ")));
  element(id).replaceChildren(...made);
}

/** Take what was typed and sealed out of the page, so that nobody finds it by going back. */
function forget() {
  report = null;
  for (const id of ["message", "how_known", "must_not_learn", "files"]) field(id).value = "";
  for (const box of document.querySelectorAll("input")) box.checked = false;
  asking.clear();
}

start();
