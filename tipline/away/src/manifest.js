// The manifest of a package: what two people signed, read exactly, and held against every byte of the other members.
// Layout: docs/format.md, "Packages".

import { hex, sha256Large } from "./bytes.js";
import { parse } from "./canonical.js";
import { PackageError } from "./errors.js";
import { day, fields, hash32, list, text } from "./strict.js";

/** @typedef {import("./canonical.js").Json} Json */

/**
 * What an officer needs of it.
 * @typedef {object} Manifest
 * @property {string} release id, the same for portal, ledger and acknowledgement
 * @property {string} report URN
 * @property {string} agency id
 * @property {string} purpose
 * @property {string} agreement id and version, as people name them
 * @property {string[]} conditions
 * @property {string} acknowledgeBy day
 * @property {string} feedbackDue day
 * @property {string} deleteBy day
 */

const MANIFEST = "manifest.json";
const KEYS = [
  ...["format", "release", "report", "report_sha256", "agency", "purpose", "agreement", "rules", "members"],
  ...["conditions", "terms", "delete_by", "feedback_due", "acknowledge_by", "day"],
];
const MATERIAL = "material";
const CONSENTS = "consents"; // stands only where the release rests on some
const TERMS = [
  ...["marking", "actions", "evidence", "attribution", "onward", "encrypt_in_transit", "encrypt_at_rest", "countries"],
  ...["disposal_proof", "breach_hours", "termination", "rfi_working_days", "dissemination_list", "exception_review_by"],
];
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const LINE = /^[^\x00-\x1f\x7f]+$/;

/**
 * Read the manifest of these members, and refuse unless it lists each of the others by its SHA-256.
 * @param {import("./zip.js").Members} members
 * @returns {Promise<Manifest>}
 */
export async function checked(members) {
  const { manifest, digests } = read(members);
  for (const name of listed(members)) {
    const data = members.get(name) ?? new Uint8Array();
    if (hex(await sha256Large(data.slice())) !== digests[name]) throw new PackageError("member", name);
  }
  return manifest;
}

/**
 * Terms are for programs; that of material stands only where the report rests on some.
 * @param {import("./canonical.js").Json | undefined} value
 */
function terms(value) {
  const rests = typeof value === "object" && value !== null && Object.hasOwn(value, MATERIAL);
  const read = fields(value, rests ? [...TERMS, MATERIAL] : TERMS);
  if (rests) list(read[MATERIAL]);
}

/** @param {import("./zip.js").Members} members */
function read(members) {
  try {
    const parsed = parse(members.get(MANIFEST) ?? new Uint8Array());
    const rests = typeof parsed === "object" && parsed !== null && Object.hasOwn(parsed, CONSENTS);
    const body = fields(parsed, rests ? [...KEYS, CONSENTS] : KEYS);
    const consents = rests ? list(body[CONSENTS]) : [];
    if (rests && consents.length === 0) throw new PackageError("manifest");
    const agreement = fields(body.agreement, ["id", "version", "sha256"]);
    const digests = fields(body.members, listed(members));
    for (const digest of [agreement.sha256, body.report_sha256, ...Object.values(digests), ...consents]) hash32(digest);
    if (body.format !== "tipline/manifest/v1" || digests["report.json"] !== body.report_sha256) throw new PackageError("manifest");
    if (!Number.isSafeInteger(agreement.version) || Number(agreement.version) < 1) throw new PackageError("manifest");
    day(body.day);
    terms(body.terms);
    list(body.rules).forEach(line);
    const manifest = {
      release: matching(body.release, UUID),
      report: matching(body.report, /^urn:uuid:[0-9a-f-]{36}$/),
      agency: matching(body.agency, /^[a-z0-9-]{1,32}$/),
      purpose: matching(body.purpose, /^[a-z]+$/),
      agreement: `${matching(agreement.id, /^[a-z0-9-]{1,64}$/)}, version ${agreement.version}`,
      conditions: list(body.conditions).map(line),
      acknowledgeBy: day(body.acknowledge_by),
      feedbackDue: day(body.feedback_due),
      deleteBy: day(body.delete_by),
    };
    return { manifest, digests };
  } catch {
    throw new PackageError("manifest");
  }
}

/**
 * Every member but the manifest.
 * @param {import("./zip.js").Members} members
 */
function listed(members) {
  return [...members.keys()].filter((name) => name !== MANIFEST);
}

/** @param {Json | undefined} value */
function line(value) {
  return matching(value, LINE);
}

/**
 * @param {Json | undefined} value
 * @param {RegExp} pattern
 */
function matching(value, pattern) {
  const found = text(value);
  if (!pattern.test(found)) throw new PackageError("manifest");
  return found;
}
