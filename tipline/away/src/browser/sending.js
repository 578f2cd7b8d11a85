// Sends what is sealed to the server that this page came from, part by part as it is sealed: memory does not grow with the
// files. Whatever fails can go on where it stopped.

/** @typedef {import("../sealing.js").HandInFile} HandInFile */

/** What is kept of a part that was sent: enough to make it once more. @typedef {Omit<HandInFile, "blob">} Sent */

const SILENCE_MAX = 120_000; // milliseconds without a byte, after which the line counts as broken
const NO_ROOM = "first-file-missing"; // of a part, where the server keeps no more of them before their slip

/** Something was not sent. `code` is the server's word for it, or "line" when there was none. */
export class NotSent extends Error {
  /** @param {string} code */
  constructor(code) {
    super("not sent");
    this.code = code;
  }
}

/**
 * Ask for the signed keys to seal to.
 * @returns {Promise<Uint8Array>}
 */
export async function askForKeys() {
  let answer;
  try {
    answer = await fetch("/keys", { cache: "no-store", credentials: "omit", redirect: "error", referrerPolicy: "no-referrer" });
  } catch {
    throw new NotSent("line");
  }
  if (answer.status === 404) throw new NotSent("no-keys");
  if (!answer.ok) throw new NotSent("line");
  return new Uint8Array(await answer.arrayBuffer());
}

/** One hand-in on its way. */
export class Sending {
  /** @type {HandInFile | null} */
  #next = null;
  /** @type {HandInFile | null} */
  #slip = null;
  /** @type {Map<number, Sent>} */
  #parts = new Map();
  #early = true;

  /**
   * @param {AsyncGenerator<HandInFile>} sealing parts in their order, and the slip last
   * @param {(file: Sent, part: number) => void} onProgress how much of a file has been sent, from 0 to 1
   */
  constructor(sealing, onProgress) {
    this.sealing = sealing;
    this.onProgress = onProgress;
  }

  /** Seal and send until everything has arrived. After an error it may be called again, and goes on at what failed. */
  async go() {
    while (this.#slip === null) await this.#step();
    let missing = await this.#send(this.#slip, this.#slip.blob);
    for (const [number, part] of this.#parts) {
      if (missing.has(number)) missing = await this.#send(part, await part.again());
      else this.onProgress(part, 1);
    }
    if (missing.size > 0) throw new NotSent("line");
  }

  /** Seal the next file, and send it if it is a part. */
  async #step() {
    this.#next ??= (await this.sealing.next()).value ?? null;
    if (this.#next === null) throw new Error("sealing ended without a slip");
    if (this.#next.number === 1) {
      this.#slip = this.#next;
    } else {
      const { blob, ...part } = this.#next;
      await this.#sendEarly(part, blob);
      this.#parts.set(part.number, part);
    }
    this.#next = null;
  }

  /**
   * Send a part before the slip; where there is no room for that it is sealed once more afterwards.
   * @param {Sent} part
   * @param {Blob} blob
   */
  async #sendEarly(part, blob) {
    if (!this.#early) return;
    try {
      await this.#send(part, blob);
    } catch (error) {
      if (!(error instanceof NotSent) || error.code !== NO_ROOM) throw error;
      this.#early = false;
      this.onProgress(part, 0);
    }
  }

  /**
   * @param {Sent} file
   * @param {Blob} blob
   * @returns {Promise<Set<number>>} numbers of the files that the server still misses, as far as it knows the slip
   */
  async #send(file, blob) {
    const body = new FormData();
    body.append("files", blob, file.name);
    const { status, hand_ins: handIns } = await post(body, (part) => this.onProgress(file, part));
    if (status !== "complete" && status !== "partial" && status !== "waiting") {
      throw new NotSent(typeof status === "string" ? status : "line");
    }
    this.onProgress(file, 1);
    return new Set(handIns?.[0]?.missing);
  }
}

/**
 * @typedef {{status?: string, hand_ins?: {status: string, files: number, missing: number[]}[]}} Answer
 */

/**
 * @param {FormData} body
 * @param {(part: number) => void} onProgress
 * @returns {Promise<Answer>}
 */
function post(body, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch tells nothing of how far an upload has come
    const broken = () => reject(new NotSent("line"));
    let silence = setTimeout(() => request.abort(), SILENCE_MAX);
    request.open("POST", "/hand-in");
    request.setRequestHeader("Accept", "application/json");
    request.upload.onprogress = ({ loaded, total }) => {
      clearTimeout(silence);
      silence = setTimeout(() => request.abort(), SILENCE_MAX);
      onProgress(total > 0 ? loaded / total : 0);
    };
    request.onload = () => {
      try {
        resolve(JSON.parse(request.responseText));
      } catch {
        broken(); // an answer that is no answer of /hand-in, as of something between us and the server
      }
    };
    request.onerror = broken;
    request.onabort = broken;
    request.onloadend = () => clearTimeout(silence);
    request.send(body);
  });
}
