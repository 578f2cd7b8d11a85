// A notice as it arrives: the signature is checked before anything of it is opened. And an agency's answer to one, signed.
// Layout: docs/format.md, "Notices" and "Consents".

import { concat, text, utf8 } from "./bytes.js";
import { canonical, parse } from "./canonical.js";
import { PackageError } from "./errors.js";
import { unseal } from "./package.js";
import { CONSENT, NOTICE, sign, verify } from "./sshsig.js";
import { day, fields } from "./strict.js";

/** @typedef {import("./canonical.js").Json} Json */

/**
 * @typedef {object} Notice
 * @property {string} words all that it says
 * @property {{[key: string]: Json}} body its last line
 */

const KEYS = ["format", "id", "kind", "agency", "reference", "words", "day", "on", "about"];
const ASKED = ["originator", "recipient", "purpose", "report", "report_sha256", "material"];

/** The kind of notice that is answered with a signature. */
export const REQUEST = "consent-request";

/**
 * @param {object} given
 * @param {Uint8Array} given.sealed the file as it was downloaded
 * @param {Uint8Array} given.signature its signature file
 * @param {Uint8Array} given.signer the unit's package key, 32 bytes
 * @param {string} given.identity the agency's own
 * @returns {Promise<Notice>}
 */
export async function openNotice({ sealed, signature, signer, identity }) {
  await verify(signature, sealed, signer, NOTICE);
  const words = text(await unseal(sealed, identity)) ?? "";
  try {
    const body = fields(parse(utf8(words.trimEnd().split("\n").at(-1) ?? "")), KEYS);
    if (body.format !== "tipline/notice/v1") throw new PackageError("notice");
    day(body.day);
    if (body.kind === REQUEST) fields(body.about, ASKED);
    return { words, body };
  } catch {
    throw new PackageError("notice");
  }
}

/**
 * Answer a request for consent: the line that is signed, and the signature below it.
 * @param {Uint8Array} seed of the key that signs what the agency says
 * @param {Notice} notice
 * @param {"yes" | "only-this-version" | "no"} answer
 * @param {string} until the last day on which it holds; of a no it means nothing
 * @returns {Promise<Uint8Array>}
 */
export async function consent(seed, notice, answer, until) {
  const line = canonical({
    ...fields(notice.body.about, ASKED),
    format: "tipline/consent/v1",
    request: notice.body.id ?? "",
    answer,
    until: answer === "no" ? null : day(until),
  });
  return concat(line, utf8("\n"), await sign(seed, line, CONSENT));
}
