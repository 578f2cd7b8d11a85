// Stretching a passphrase beside the page: a minute of work where scripts run without a compiler, and the page stays alive.
// The worker runs the page's own script, so that nothing is fetched; where a browser starts none, the page does it itself.

import { scryptAsync } from "@noble/hashes/scrypt.js";

import { TRUSTED } from "./trusted.js";

/** @typedef {(part: number) => void} Progress from 0 to 1 */
/** @typedef {{password: Uint8Array, salt: Uint8Array, logN: number}} Job */

/** This very script, where it stands in a page; known only while it is first run. */
const SOURCE = globalThis.document?.currentScript?.textContent ?? null;

/**
 * @param {Job} job
 * @param {Progress} onProgress
 * @returns {Promise<Uint8Array>} 32 bytes
 */
export async function stretch(job, onProgress) {
  const worker = start();
  if (worker === null) return work(job, onProgress);
  try {
    return await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => (typeof data === "number" ? onProgress(data) : resolve(data));
      worker.onerror = () => reject(new Error("the worker stopped"));
      worker.postMessage(job);
    });
  } catch {
    return await work(job, onProgress);
  } finally {
    worker.terminate();
  }
}

/** In a worker: do each job that comes, and tell each percent. */
export function serve() {
  globalThis.onmessage = async ({ data }) => {
    let told = 0;
    const key = await work(data, (part) => {
      if (part - told < 0.01 && part !== 1) return;
      told = part;
      globalThis.postMessage(part);
    });
    globalThis.postMessage(key);
  };
}

/** @returns {Worker | null} */
function start() {
  if (SOURCE === null || typeof Worker === "undefined") return null;
  const address = URL.createObjectURL(new Blob([SOURCE], { type: "text/javascript" }));
  try {
    return new Worker(TRUSTED.createScriptURL(address));
  } catch {
    return null;
  } finally {
    URL.revokeObjectURL(address);
  }
}

/**
 * @param {Job} job
 * @param {Progress} onProgress
 */
function work({ password, salt, logN }, onProgress) {
  return scryptAsync(password, salt, { N: 2 ** logN, r: 8, p: 1, dkLen: 32, onProgress });
}
