// How far each file is, in words and as a bar, and how long all of it still takes.

import { make, say } from "../kit/dom.js";
import { Estimate } from "./estimate.js";

/** @typedef {import("./sending.js").Sent} Sent */

/** @typedef {{size: number, sealed: number, sent: number, bar: HTMLProgressElement, words: HTMLElement}} Row */

const WORDS_ONLY = "What you wrote";

export class Progress {
  /** @type {Row[]} */
  rows = [];
  /** What each file to hand in has brought of each row so far. @type {Map<number, number[]>} */
  sent = new Map();
  /** The moment up to which work is counted. */
  counted = performance.now();

  /**
   * @param {HTMLElement} list where the rows go
   * @param {File[]} files as they were chosen
   */
  constructor(list, files) {
    const made = files.length === 0 ? [this.#row(WORDS_ONLY, 0)] : files.map(({ name, size }) => this.#row(name, size));
    list.replaceChildren(...made);
    this.estimate = new Estimate(files.reduce((sum, { size }) => sum + size, 0));
  }

  /**
   * @param {string} name
   * @param {number} size
   */
  #row(name, size) {
    const label = make("label");
    const words = make("span", "not yet sealed", "state");
    const bar = /** @type {HTMLProgressElement} */ (make("progress"));
    bar.value = 0;
    label.append(make("bdi", name), " ", words, bar);
    this.rows.push({ size, sealed: 0, sent: 0, bar, words });
    const row = make("li");
    row.append(label);
    return row;
  }

  /** Begin to count once more, after a time in which nothing was done. */
  start() {
    this.counted = performance.now();
  }

  /**
   * @param {number} file which of the chosen ones
   * @param {number} bytes of it that are sealed
   */
  sealing(file, bytes) {
    const row = /** @type {Row} */ (this.rows[file]);
    this.#count("sealed", bytes - row.sealed);
    row.sealed = bytes;
    this.#draw(row);
  }

  /**
   * @param {Sent} file
   * @param {number} part of it that was sent, from 0 to 1
   */
  sending({ number, front, parts }, part) {
    let left = part * parts.reduce((sum, { sealed }) => sum + sealed, front) - front;
    const before = this.sent.get(number) ?? [];
    const now = parts.map(({ size, sealed }) => {
      const share = Math.min(1, Math.max(0, left / sealed));
      left -= sealed;
      return share * size;
    });
    this.sent.set(number, now);
    parts.forEach(({ file }, at) => {
      const [row, more] = [/** @type {Row} */ (this.rows[file]), (now[at] ?? 0) - (before[at] ?? 0)];
      row.sent += more;
      this.#count("sent", more);
      this.#draw(row);
    });
    if (number === 1) for (const row of this.rows) if (row.size === 0) this.#empty(row, part);
  }

  /**
   * What has no bytes of its own goes with the first file: the words, and files with nothing in them.
   * @param {Row} row
   * @param {number} part
   */
  #empty(row, part) {
    row.bar.value = part;
    row.words.textContent = part === 1 ? "sent" : `sealed, ${percent(part)} sent`;
  }

  /** @param {Row} row */
  #draw({ size, sealed, sent, bar, words }) {
    if (size === 0) return;
    bar.value = (sealed + sent) / (2 * size);
    if (sent === size) words.textContent = "sent";
    else if (sealed === 0) words.textContent = "not yet sealed";
    else words.textContent = `${percent(sealed / size)} sealed, ${percent(sent / size)} sent`;
    say("sending-left", this.estimate.words);
  }

  /**
   * @param {import("./estimate.js").Work} work
   * @param {number} bytes
   */
  #count(work, bytes) {
    const now = performance.now();
    this.estimate.add(work, bytes, now - this.counted);
    this.counted = now;
  }
}

/** @param {number} part from 0 to 1 */
function percent(part) {
  return `${Math.floor(100 * part)}\u00a0%`;
}
