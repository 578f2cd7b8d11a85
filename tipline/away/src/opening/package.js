// Opening a package: the unit's key compared or pinned, the signature checked, and then the page that people read.

import * as agency from "../agency.js";
import { equal, hex, text } from "../bytes.js";
import { PackageError, RefusedError } from "../errors.js";
import { openNotice } from "../notice.js";
import { openPackage } from "../package.js";
import { foldPassphrase } from "../passphrase.js";
import { fingerprint, NOTICE, publicKey, purpose } from "../sshsig.js";
import { TRUSTED } from "../trusted.js";
import { ATTACHMENT } from "../zip.js";
import { chosen, element, groups, inWords, made, offer, onSubmit, progress, say, show, ToDo, today, typed } from "./dom.js";
import { inert } from "./inert.js";
import { refused } from "./words.js";

/** @typedef {import("../agency.js").AgencySecret} AgencySecret */
/** @typedef {import("../agency.js").UnitKeys} UnitKeys */
/** @typedef {import("../notice.js").Notice} Notice */
/** @typedef {import("../package.js").Opened} Opened */

const PAGES = ["1-read-first.html", "report.html"];
const SMALL = 64 * 1024;
const PACKAGE_MAX = 34 * 1024 * 1024;

/** @type {{secret: AgencySecret, passphrase: string, file: File | undefined} | null} the key file that is open */
let held = null;
let compared = "";

/**
 * Get the part of the page ready in which a package or a notice is opened.
 * @param {(secret: AgencySecret, opened: Opened) => void} onOpened
 * @param {(secret: AgencySecret, notice: Notice) => void} onNoticed
 */
export function ready(onOpened, onNoticed) {
  onSubmit("open-form", () => open(onOpened, onNoticed), refused);
  onSubmit("pin-form", savePinned, refused);
  element("print").addEventListener("click", () => frame().contentWindow?.print());
  for (const [id, name] of [["show-first", "1-read-first.html"], ["show-report", "report.html"]]) {
    element(String(id)).addEventListener("click", () => showPage(String(name)));
  }
  element("close").addEventListener("click", () => location.reload());
}

/** @type {Opened | null} */
let shown = null;

/**
 * @param {(secret: AgencySecret, opened: Opened) => void} onOpened
 * @param {(secret: AgencySecret, notice: Notice) => void} onNoticed
 */
async function open(onOpened, onNoticed) {
  const sealed = await chosen("open-package", PACKAGE_MAX);
  const signature = await chosen("open-signature", SMALL);
  if (sealed === null || signature === null) {
    const names = "package.age and package.age.sig, or notice.age and notice.age.sig";
    throw new ToDo(`Choose the package or notice, and its signature: ${names}.`);
  }
  const given = await givenUnit();
  const secret = await unlocked();
  const unit = judged(secret, given);
  const fresh = unit === given && !isPinned(secret, given);
  if (purpose(signature) === NOTICE) {
    const notice = await openNotice({ sealed, signature, signer: unit.signer, identity: secret.identity });
    if (fresh) secret.pinned = { ...unit, pinnedOn: today() };
    show("open-form", false);
    return onNoticed(secret, notice);
  }
  const opened = await openPackage({ sealed, signature, signer: unit.signer, identity: secret.identity });
  for (const name of PAGES) inert(name, pageOf(opened, name));
  if (fresh) secret.pinned = { ...unit, pinnedOn: today() };
  shown = opened;
  describe(opened, unit);
  show("pin-form", fresh);
  /** @type {HTMLDetailsElement} */ (element("make")).open = false;
  show("opened");
  show("open-form", false);
  document.body.classList.add("holds-package"); // the frame alone is printed: only its sheets bear the handling code
  showPage("1-read-first.html");
  onOpened(secret, opened);
  element("opened").focus();
}

/** @returns {Promise<AgencySecret>} */
async function unlocked() {
  const file = /** @type {HTMLInputElement} */ (element("open-key")).files?.[0];
  const data = await chosen("open-key", SMALL);
  const passphrase = foldPassphrase(typed("open-passphrase"));
  if (data === null || passphrase === "") throw new ToDo("Choose your agency's key file and type its passphrase.");
  if (held === null || held.file !== file || held.passphrase !== passphrase) {
    held = null;
    held = { secret: await agency.readKeyFile(data, passphrase, progress("open-form", "Unlocking your key")), passphrase, file };
  }
  return held.secret;
}

/** @returns {Promise<UnitKeys | null>} */
async function givenUnit() {
  const file = await chosen("open-unit", SMALL);
  const line = typed("open-unit-line").trim();
  if (file !== null && line !== "") throw new ToDo("Give the unit's key once: as the file, or as a line.");
  if (line !== "") return { signer: publicKey(line), desk: null, unit: null, name: null };
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
 * Whether the key file already holds what was given.
 * @param {AgencySecret} secret
 * @param {UnitKeys} given
 */
function isPinned({ pinned }, given) {
  return pinned !== null && equal(pinned.signer, given.signer) && (given.desk === null || given.desk === pinned.desk);
}

/**
 * The unit's key to check with: the pinned one, or one that was compared by telephone.
 * @param {AgencySecret} secret
 * @param {UnitKeys | null} given
 * @returns {UnitKeys}
 */
function judged(secret, given) {
  if (given === null || isPinned(secret, given)) {
    show("compare", false);
    if (secret.pinned !== null) return secret.pinned;
    throw new ToDo("Your key file holds no key of the unit yet. Choose unit-keys.json, which the portal hands out.");
  }
  const print = given.desk === null ? fingerprint(given.signer) : groups(agency.unitFingerprint(given));
  const box = /** @type {HTMLInputElement} */ (element("compared"));
  if (compared === print && box.checked) return given;
  compared = print;
  box.checked = false;
  say("compare-fingerprint", print);
  show("compare-changed", secret.pinned !== null);
  if (secret.pinned !== null) say("compare-since", inWords(secret.pinned.pinnedOn));
  show("compare");
  if (secret.pinned === null) {
    throw new ToDo("Compare the unit's key by telephone, below, and tick that you did. Then press the button again.");
  }
  throw new ToDo("This is not the unit's key that your key file holds. Read below before you do anything else.");
}

/**
 * @param {Opened} opened
 * @param {UnitKeys} unit
 */
function describe({ manifest, members, sha256, zip }, unit) {
  const lines = [
    ["Signature", `Good: signed by the key of ${unit.name ?? "the unit"} that you compared`],
    ["Package", manifest.release.slice(0, 8)],
    ["For", manifest.agency],
    ["Purpose", manifest.purpose],
    ["Agreement", manifest.agreement],
    ["Acknowledge by", inWords(manifest.acknowledgeBy)],
    ["Answer by", inWords(manifest.feedbackDue)],
    ["Delete every copy by", inWords(manifest.deleteBy)],
    ["SHA-256 of the ZIP", hex(sha256)],
  ];
  element("facts").replaceChildren(...lines.flatMap(([name, value]) => [made("dt", String(name)), made("dd", String(value))]));
  element("conditions").replaceChildren(...manifest.conditions.map((line) => made("li", line)));
  show("overdue", manifest.deleteBy < today());
  offer("save-zip", "package.zip", zip, "application/zip");
  attachments(members);
}

/**
 * List what may be saved beside the pages. Nothing of it is opened here: its own program does that.
 * @param {import("../zip.js").Members} members
 */
function attachments(members) {
  const found = [...members].filter(([name]) => ATTACHMENT.test(name));
  const lines = found.map(([name, data], number) => {
    const line = made("li", "");
    const link = /** @type {HTMLAnchorElement} */ (made("a", `Save ${fileName(name)}`));
    link.id = `save-attachment-${number + 1}`;
    line.append(link, ` ${Math.ceil(data.length / 1024).toLocaleString("en")} KiB`);
    return line;
  });
  element("attachments").replaceChildren(...lines);
  found.forEach(([name, data], number) => offer(`save-attachment-${number + 1}`, fileName(name), data));
  show("attached", found.length > 0);
}

/** @param {string} name of a member */
function fileName(name) {
  return name.slice(name.indexOf("/") + 1);
}

/** @param {string} name */
function showPage(name) {
  if (shown === null) return;
  frame().srcdoc = TRUSTED.createHTML(inert(name, pageOf(shown, name)));
  element("show-first").setAttribute("aria-pressed", String(name === "1-read-first.html"));
  element("show-report").setAttribute("aria-pressed", String(name === "report.html"));
}

/**
 * @param {Opened} opened
 * @param {string} name
 */
function pageOf({ members }, name) {
  const page = text(members.get(name) ?? new Uint8Array());
  if (page === null) throw new PackageError("page", name);
  return page;
}

function frame() {
  return /** @type {HTMLIFrameElement} */ (element("page"));
}

async function savePinned() {
  if (held === null) throw new ToDo("Open a package first.");
  const file = await agency.writeKeyFile(held.secret, held.passphrase, progress("pin-form", "Locking the key file"));
  offer("pin-key", "agency-key.age", file);
  element("pin-key").focus();
}
