// A package: one stored ZIP of four members and attachments, read by building it again. Only bytes that come out the same are a package.
// Layout: docs/format.md, "Packages".

import { concat, equal, text, utf8 } from "./bytes.js";
import { PackageError } from "./errors.js";

/** The members that every package has, in their order. */
export const NAMES = Object.freeze(["1-read-first.html", "manifest.json", "report.html", "report.json"]);

/** What an attachment is called: its number, and how its kind ends. */
export const ATTACHMENT = /^attachments\/attachment-[1-9][0-9]?\.(?:jpg|png|pdf|docx|mp4)$/;

/** @typedef {Map<string, Uint8Array>} Members by name, in their order */

const SIZE_MAX = 32 * 1024 * 1024;
const ATTACHMENTS_MAX = 20;
const LOCAL = 0x04034b50;
const LOCAL_BYTES = 30;
const DAY = 0x21; // 1980-01-01, the first day a ZIP can hold
const MODE = 0o644 << 16;
const UNIX_VERSION_20 = (3 << 8) | 20;
const CRC = crcTable();

/**
 * Take a package apart; every other name, order, time, compression, comment, extra field, and byte before, between or
 * after is refused.
 * @param {Uint8Array} data
 * @returns {Members}
 */
export function unpack(data) {
  /** @type {Members} */
  const members = new Map();
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let at = 0;
  let before = "";
  while (data.length <= SIZE_MAX && at + LOCAL_BYTES <= data.length && view.getUint32(at, true) === LOCAL) {
    const start = at + LOCAL_BYTES + view.getUint16(at + 26, true);
    const name = text(data.subarray(at + LOCAL_BYTES, start)) ?? "";
    if (name <= before || !(NAMES.includes(name) || ATTACHMENT.test(name))) throw new PackageError("zip");
    const end = start + view.getUint32(at + 22, true);
    members.set(name, data.subarray(start, end));
    [at, before] = [end, name];
  }
  const whole = NAMES.every((name) => members.has(name)) && members.size <= NAMES.length + ATTACHMENTS_MAX;
  if (!whole || !equal(pack(members), data)) throw new PackageError("zip");
  return members;
}

/**
 * Build the ZIP as the unit does.
 * @param {Members} members
 */
function pack(members) {
  const local = [];
  const central = [];
  let offset = 0;
  for (const [name, data] of members) {
    const common = [0, 0, 0, DAY];
    const sizes = [crc32(data), data.length, data.length];
    const header = concat(u32(LOCAL), u16(20, ...common), u32(...sizes), u16(name.length, 0), utf8(name));
    const entry = [u32(0x02014b50), u16(UNIX_VERSION_20, 20, ...common), u32(...sizes), u16(name.length, 0, 0, 0, 0)];
    central.push(...entry, u32(MODE, offset), utf8(name));
    local.push(header, data);
    offset += header.length + data.length;
  }
  const directory = concat(...central);
  const end = concat(u32(0x06054b50), u16(0, 0, members.size, members.size), u32(directory.length, offset), u16(0));
  return concat(...local, directory, end);
}

/** @param {Uint8Array} data */
function crc32(data) {
  let sum = 0xffffffff;
  for (const byte of data) sum = (CRC[(sum ^ byte) & 0xff] ?? 0) ^ (sum >>> 8);
  return (sum ^ 0xffffffff) >>> 0;
}

function crcTable() {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
    return value;
  });
}

/** @param {...number} values */
function u16(...values) {
  return concat(...values.map((value) => Uint8Array.of(value & 0xff, value >>> 8)));
}

/** @param {...number} values */
function u32(...values) {
  return concat(...values.map((value) => Uint8Array.of(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24)));
}
