// How long it still takes, from how long it took so far: sealing and sending each at its own speed. Says nothing before it knows.

const MEASURED_MIN = 5_000; // milliseconds of sending, before which a speed is a guess
const MINUTE = 60_000;
const MINUTES_MAX = 90; // past that hours are said

/** @typedef {"sealed" | "sent"} Work */

export class Estimate {
  /** @type {Record<Work, number>} */
  done = { sealed: 0, sent: 0 };
  /** @type {Record<Work, number>} */
  took = { sealed: 0, sent: 0 };

  /** @param {number} all bytes to be sealed, and to be sent */
  constructor(all) {
    this.all = all;
  }

  /**
   * @param {Work} work
   * @param {number} bytes that were done
   * @param {number} milliseconds that they took
   */
  add(work, bytes, milliseconds) {
    this.done[work] += bytes;
    this.took[work] += milliseconds;
  }

  /** @returns {number | null} milliseconds; null while nobody can know */
  get left() {
    const { sealed, sent } = this.done;
    if (sent === 0 || this.took.sent < MEASURED_MIN) return null;
    const sealing = sealed === 0 ? 0 : ((this.all - sealed) * this.took.sealed) / sealed;
    return Math.max(0, sealing) + Math.max(0, ((this.all - sent) * this.took.sent) / sent);
  }

  /** @returns {string} in words; none while nobody can know */
  get words() {
    if (this.left === null) return "";
    const minutes = Math.ceil(this.left / MINUTE);
    if (minutes <= 1) return "At the speed so far: less than a minute left.";
    if (minutes <= MINUTES_MAX) return `At the speed so far: about ${minutes} minutes left.`;
    return `At the speed so far: about ${Math.ceil(minutes / 60)} hours left.`;
  }
}
