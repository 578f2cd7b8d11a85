// The JavaScript side, driven over standard input and output: one JSON object a line each way. Bytes are hexadecimal.
// {"do": …, …} is answered by {"is": …}, or {"refused": the error's name} where the code refuses.
import { createInterface } from "node:readline";

import * as age from "../../../tipline/away/src/age.js";
import * as agency from "../../../tipline/away/src/agency.js";
import * as bundles from "../../../tipline/away/src/bundles.js";
import { hex, hkdf, sha256, text, unhex, utf8 } from "../../../tipline/away/src/bytes.js";
import { canonical, parse } from "../../../tipline/away/src/canonical.js";
import * as codename from "../../../tipline/away/src/codename.js";
import { CLASSES, HANDLING, MARKINGS, PURPOSES, SCHEMES } from "../../../tipline/away/src/codes.js";
import * as columns from "../../../tipline/away/src/columns.js";
import * as envelope from "../../../tipline/away/src/envelope.js";
import { RefusedError } from "../../../tipline/away/src/errors.js";
import { AXES, FATES, LOSSES, MARKS, STAGES, TEXT_MAX } from "../../../tipline/away/src/feedback.js";
import { encodeSlip } from "../../../tipline/away/src/handin.js";
import * as macs from "../../../tipline/away/src/macs.js";
import * as material from "../../../tipline/away/src/material.js";
import { messageSize, partSize } from "../../../tipline/away/src/padding.js";
import { consent, openNotice } from "../../../tipline/away/src/notice.js";
import { openPackage } from "../../../tipline/away/src/package.js";
import { makePassphrase } from "../../../tipline/away/src/passphrase.js";
import { PHRASES } from "../../../tipline/away/src/phrases.js";
import * as pins from "../../../tipline/away/src/pins.js";
import { parseReply, readReplies } from "../../../tipline/away/src/replies.js";
import * as questionnaire from "../../../tipline/away/src/questionnaire.js";
import { Estimate } from "../../../tipline/away/src/browser/estimate.js";
import { openPickup, sealAnswer, sealTip } from "../../../tipline/away/src/sealing.js";
import * as sshsig from "../../../tipline/away/src/sshsig.js";
import * as statement from "../../../tipline/away/src/statement.js";
import { unpack } from "../../../tipline/away/src/zip.js";

const identityOf = (fields) => age.identityOf(unhex(fields.seed));
const base64 = (data) => Buffer.from(data).toString("base64");

/** What is done with the examples of each folder of tests/vectors; each returns lines as they stand in the file. */
const VECTORS = {
  acknowledgement(fields) {
    const said = agency.readAcknowledgement(utf8(fields.statement), unhex(fields.key));
    const again = agency.acknowledge({ seed: unhex(fields.seed) }, said.release, said.zipSha256, said.on);
    return { release: said.release, zip_sha256: hex(said.zipSha256), on: said.on, statement: text(again) };
  },
  "agency-key"(fields) {
    const key = agency.readEnrolment(utf8(fields.file));
    return {
      name: key.name,
      recipient_fingerprint: age.fingerprint(key.recipient),
      acknowledge: hex(key.acknowledge),
      made_on: key.madeOn,
      fingerprint: agency.fingerprint(key.recipient, key.acknowledge),
    };
  },
  async "age-file"(fields) {
    return { plain: hex(await age.open(unhex(fields.sealed), identityOf(fields))) };
  },
  async "age-key"(fields) {
    const identity = identityOf(fields);
    const recipient = await age.recipientOf(identity);
    return { identity, recipient: age.recipient(recipient), fingerprint: age.fingerprint(recipient) };
  },
  async bundle(fields) {
    const inner = await bundles.openBundle(unhex(fields.bundle), identityOf(fields));
    const replies = [];
    for (const file of inner) replies.push(parseReply(await age.open(file, identityOf(fields)), unhex(fields.to_source)));
    return { replies: String(replies.length), text: replies.at(-1).text };
  },
  canonical(fields) {
    return { value: text(canonical(parse(utf8(fields.value)))) };
  },
  async codename(fields) {
    const words = codename.parse(fields.typed ?? fields.words); // a token stays on our server
    const source = await codename.keys(words);
    return {
      words,
      lookup: hex(source.lookup),
      mailbox: hex(source.mailbox),
      fingerprint: age.fingerprint(source.recipient),
      to_unit: hex(source.toUnit),
      to_source: hex(source.toSource),
      state: hex(source.state),
    };
  },
  column(fields) {
    const { table, column, row } = fields;
    return { plain: hex(columns.open(unhex(fields.key), unhex(fields.sealed), { table, column, row })) };
  },
  envelope(fields) {
    const said = JSON.parse(fields.message);
    const wrapper = envelope.wrapper({ ...JSON.parse(text(unhex(fields.envelope.slice(0, 510)))), mailbox: unhex(fields.mailbox) }, "message");
    return { envelope: hex(wrapper) + fields.envelope.slice(512), message: text(again(said)) };
  },
  "intake-key"(fields) {
    const key = pins.readIntakeKey(utf8(fields.statement), unhex(fields.signer));
    return { unit: key.unit, serial: String(key.serial), fingerprint: age.fingerprint(key.recipient) };
  },
  mac(fields) {
    macs.check(unhex(fields.key), utf8(fields.payload), unhex(fields.mac), fields.purpose);
    return {};
  },
  message(fields) {
    const said = JSON.parse(fields.padded);
    const encoded = again(said);
    return { padded: text(encoded), digest: hex(sha256(encoded)) };
  },
  questionnaire(fields) {
    const schema = questionnaire.parse(utf8(fields.questionnaire)).schema;
    const { values, problems } = filled(fields.questionnaire, JSON.parse(fields.fields ?? "{}"));
    return { schema, answers: text(canonical(values)), problems: text(canonical(problems)) };
  },
  padding(fields) {
    return { padded: String({ message: messageSize, part: partSize }[fields.kind](Number(fields.size))) };
  },
  package(fields) {
    const members = unpack(unhex(fields.zip));
    return { manifest: text(members.get("manifest.json")), sha256: hex(sha256(unhex(fields.zip))) };
  },
  async pickup(fields) {
    const { place, bundle } = bundles.parsePickup(unhex(fields.pickup));
    const keys = { state: unhex(fields.state), mailbox: unhex(fields.mailbox) };
    const replies = await bundles.openBundle(bundle, identityOf(fields));
    const { unit, sent } = envelope.openPlace(place, keys);
    return { replies: String(replies.length), sent: String(sent.counter), unit };
  },
  "pickup-code"(fields) {
    const lookup = codename.parsePickupCode(fields.typed);
    return { lookup: hex(lookup), code: codename.pickupCode(lookup) };
  },
  pins(fields) {
    const whom = (unit) => (fields.unit ? unit.unit === fields.unit : unit.role === fields.role);
    const key = pins.choose(pins.parseKeys(utf8(fields.keys)), unhex(fields.root), whom, fields.today);
    return { serial: String(key.serial), fingerprint: age.fingerprint(key.recipient) };
  },
  place(fields) {
    const place = envelope.openPlace(unhex(fields.sealed), { state: unhex(fields.state), mailbox: unhex(fields.mailbox) });
    return {
      unit: place.unit,
      sent: String(place.sent.counter),
      sent_previous: hex(place.sent.previous),
      heard: String(place.heard.counter),
      heard_previous: hex(place.heard.previous),
    };
  },
  reply(fields) {
    const reply = parseReply(utf8(fields.padded), unhex(fields.to_source));
    return {
      counter: String(reply.counter),
      heard: String(reply.heard),
      kind: reply.kind,
      text: reply.text,
      digest: hex(reply.digest),
    };
  },
  signature(fields) {
    statement.verifySignature(unhex(fields.public), fields.type, utf8(fields.payload), unhex(fields.signature));
    return {};
  },
  slip(fields) {
    const { mailbox, recipient, was, now, envelopes, ...said } = JSON.parse(text(unhex(fields.slip)));
    const rest = { recipient, was: was && unhex(was), now: unhex(now), envelopes };
    return { slip: hex(encodeSlip({ ...said, mailbox: unhex(mailbox) }, rest)), sum: said.sum };
  },
  async "ssh-signature"(fields) {
    const armoured = `${fields.armoured.replace(/(?<=-----|[\w/+=]) (?=[\w/+]|-----)/g, "\n").replaceAll("SSH\nSIG", "SSH SIG").replaceAll(/(BEGIN|END)\n/g, "$1 ")}\n`;
    await sshsig.verify(utf8(armoured), utf8(fields.data), sshsig.publicKey(fields.public));
    return { public: fields.public };
  },
  statement(fields) {
    const trusted = fields.trusted.split(" ").map(unhex);
    return { body: text(canonical(statement.verify(utf8(fields.statement), fields.type, trusted, Number(fields.needed)))) };
  },
  "unit-keys"(fields) {
    const keys = agency.readUnitKeys(utf8(fields.file));
    return {
      unit: keys.unit,
      name: keys.name,
      package_signer: hex(keys.signer),
      desk_fingerprint: age.fingerprint(keys.desk),
      fingerprint: agency.unitFingerprint(keys),
    };
  },
};

/** What a form's fields answer, as the Python side says it. */
function filled(asked, fields) {
  const read = questionnaire.read(questionnaire.parse(utf8(asked)), new Map(Object.entries(fields)));
  return { values: Object.fromEntries(read.values), problems: Object.fromEntries(read.problems) };
}

/** A message as the Python side wrote it, written again by this side from what it says. */
function again(said) {
  const source = {
    lookup: unhex(said.lookup),
    recipient: said.recipient,
    toUnit: unhex(said.thread.to_unit),
    toSource: unhex(said.thread.to_source),
  };
  const place = {
    sent: { counter: said.counter - 1, previous: unhex(said.previous) },
    heard: { counter: said.heard },
  };
  return envelope.encodeMessage(source, place, { way: said.way, at: said.at, body: { kind: said.kind, ...said.body } });
}

async function collected(files, makeAgain) {
  const made = [];
  for await (const { name, number, of, blob, again: repeat } of files) {
    const data = Buffer.from(await blob.arrayBuffer());
    const same = !makeAgain || data.equals(Buffer.from(await (await repeat()).arrayBuffer()));
    made.push({ name, number, of, data: data.toString("base64"), same });
  }
  return made;
}

/** A file that only says how large it is: nobody may read it. */
function unread(name, type, size) {
  const file = new File([], name, { type });
  const read = () => {
    throw new Error("it was read");
  };
  for (const how of ["slice", "stream", "arrayBuffer"]) Object.defineProperty(file, how, { value: read });
  return Object.defineProperty(file, "size", { value: size });
}

const filesOf = (files) =>
  files.map(({ name, type, data, size }) =>
    size === undefined ? new File([Buffer.from(data, "base64")], name, { type }) : unread(name, type, size),
  );
const wayOf = (job) => ({
  ...job,
  keys: utf8(job.keys),
  root: unhex(job.root),
  now: new Date(job.now),
  files: filesOf(job.files),
  filled: job.filled ?? null,
});
const shownOf = ({ place, ...replies }) => ({
  ...replies,
  heard: place && { counter: place.heard.counter, previous: hex(place.heard.previous) },
});

const secretOf = (secret) => ({ ...secret, seed: unhex(secret.seed) });
const nothing = () => undefined;

const DO = {
  agencyKeys: async ({ name, today, passphrase, unit }) => {
    const secret = agency.makeSecret(name, today);
    if (unit) secret.pinned = { ...agency.readUnitKeys(utf8(unit)), pinnedOn: today };
    const file = base64(await agency.writeKeyFile(secret, passphrase, nothing));
    const enrolment = text(await agency.enrolmentFile(secret));
    return { secret: { ...secret, seed: hex(secret.seed) }, file, enrolment, fingerprint: await agency.fingerprintOf(secret) };
  },
  keyFile: async ({ file, passphrase }) => {
    const steps = [];
    const secret = await agency.readKeyFile(Buffer.from(file, "base64"), passphrase, (part) => steps.push(part));
    return { ...secret, seed: hex(secret.seed), steps: steps.length, last: steps.at(-1) };
  },
  signAgreement: async ({ seed, toml }) => text(await sshsig.sign(unhex(seed), utf8(toml), sshsig.AGREEMENT)),
  acknowledge: ({ secret, release, zip, today }) => text(agency.acknowledge(secretOf(secret), release, unhex(zip), today)),
  tell: async ({ type, secret, release, said, desk, today }) => text(await agency.tell(type, secretOf(secret), release, said, desk, today)),
  openNotice: ({ sealed, signature, signer, identity }) =>
    openNotice({ sealed: Buffer.from(sealed, "base64"), signature: utf8(signature), signer: unhex(signer), identity }),
  consent: async ({ seed, notice, answer, until }) => text(await consent(unhex(seed), notice, answer, until)),
  openPackage: async ({ sealed, signature, signer, identity }) => {
    const given = { sealed: Buffer.from(sealed, "base64"), signature: utf8(signature), signer: unhex(signer), identity };
    const opened = await openPackage(given);
    return { manifest: opened.manifest, names: [...opened.members.keys()], sha256: hex(opened.sha256) };
  },
  sealMaterial: async ({ secret, written, unit, desk, today }) => material.seal(secretOf(secret), written, unit, desk, today),
  codes: () => ({ schemes: SCHEMES, purposes: PURPOSES, classes: CLASSES, markings: MARKINGS, handling: HANDLING, longest: material.TEXT_MAX }),
  publicKey: ({ typed }) => {
    const key = sshsig.publicKey(typed);
    return { key: hex(key), fingerprint: sshsig.fingerprint(key) };
  },
  answers: () => ({ stages: STAGES, axes: AXES, marks: MARKS, longest: TEXT_MAX, fates: FATES, losses: LOSSES }),
  passphrase: () => makePassphrase(),
  filled: ({ asked, fields }) => filled(asked, fields),
  vector: ({ folder, fields }) => VECTORS[folder](fields),
  folders: () => Object.keys(VECTORS),
  phrases: () => PHRASES,
  canonical: ({ value }) => text(canonical(parse(Buffer.from(value, "base64")))),
  codename: ({ typed }) => codename.parse(typed),
  make: () => codename.make(),
  seal: async ({ plain, recipient }) => base64(await age.seal(Buffer.from(plain, "base64"), recipient)),
  column: ({ key, plain, where }) => hex(columns.seal(unhex(key), unhex(plain), where)),
  statement: ({ type, body, seed }) => text(statement.sign(type, body, unhex(seed))),
  estimate: ({ all, work }) => {
    const estimate = new Estimate(all);
    for (const [kind, bytes, milliseconds] of work) estimate.add(kind, bytes, milliseconds);
    return { left: estimate.left, words: estimate.words };
  },
  tip: (job) => collected(sealTip(wayOf(job)), job.again),
  answer: (job) => collected(sealAnswer({ ...wayOf(job), pickup: Buffer.from(job.pickup, "base64") }), job.again),
  open: async ({ pickup, codename: words }) => shownOf(await openPickup(Buffer.from(pickup, "base64"), words)),
  read: async ({ bundle, codename: words, place }) => {
    const sent = { counter: place.sent, previous: new Uint8Array(32) };
    const heard = { counter: place.heard.counter, previous: unhex(place.heard.previous) };
    return shownOf(await readReplies(Buffer.from(bundle, "base64"), await codename.keys(words), { unit: "unit", sent, heard }));
  },
  derive: ({ key, salt, info, length }) => hex(hkdf(unhex(key), unhex(salt), info, length)),
};

for await (const line of createInterface({ input: process.stdin })) {
  const job = JSON.parse(line);
  let answer;
  try {
    answer = { is: await DO[job.do](job) };
  } catch (error) {
    const { name, unknown, count, fault, member } = error;
    answer = error instanceof RefusedError ? { refused: name, text: error.message, unknown, count, fault, member } : { broken: String(error.stack) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
