// Sealing with a bar that moves and a button that stops it, and the list of files to save afterwards.

import { element, field, make, say } from "./dom.js";

/** @typedef {import("../sealing.js").HandInFile} HandInFile */

/**
 * A file as the list keeps it: its bytes at once, or made again when it is saved.
 * @typedef {{number: number, of: number, name: string, make: () => Promise<Blob>}} Kept
 */

const HELD_MAX = 64 * 1024 * 1024; // bytes that stay in memory; past that each part is sealed again when it is saved
const REVOKE_AFTER = 4_000; // milliseconds, by which the browser has begun to save

/** The person pressed Stop. */
export class Stopped extends Error {}

/** Addresses of files in memory that a save began with. @type {Set<string>} */
const addresses = new Set();
let stopped = false;

/** @param {boolean} busy */
function busy(busy) {
  element("busy").hidden = !busy;
  for (const button of document.querySelectorAll("main button")) {
    if (button.id !== "stop" && button instanceof HTMLButtonElement) button.disabled = busy;
  }
}

/**
 * Seal everything and return the files to hand in, first one first. Memory stays flat: of a large hand-in only the first
 * file is kept whole.
 * @param {(onProgress: (sealed: number, all: number) => void) => AsyncGenerator<HandInFile>} seal
 * @returns {Promise<Kept[]>}
 */
export async function sealAll(seal) {
  const bar = /** @type {HTMLProgressElement} */ (element("busy-bar"));
  const words = element("busy-words");
  stopped = false;
  bar.removeAttribute("value");
  words.textContent = "Sealing …";
  busy(true);
  let tenth = 0;
  try {
    const generator = seal((sealed, all) => {
      if (stopped) throw new Stopped();
      bar.value = all === 0 ? 1 : sealed / all;
      const now = Math.floor(bar.value * 10);
      if (now > tenth) words.textContent = `Sealing … ${(tenth = now) * 10} %`;
    });
    return await collect(generator);
  } finally {
    busy(false);
  }
}

/** @param {AsyncGenerator<HandInFile>} generator */
async function collect(generator) {
  /** @type {Kept[]} */
  const kept = [];
  let held = 0;
  try {
    for await (const { number, of, name, blob, again } of generator) {
      if (stopped) throw new Stopped();
      held += blob.size;
      kept.push({ number, of, name, make: held <= HELD_MAX || number === 1 ? async () => blob : again });
    }
  } catch (error) {
    throw stopped ? new Stopped() : error;
  }
  return kept.sort((one, other) => one.number - other.number);
}

/** Let whatever is being sealed end at its next chunk. */
export function stop() {
  stopped = true;
}

/**
 * List the files with a save button each.
 * @param {HTMLElement} place
 * @param {Kept[]} kept
 * @param {string} failed what is said when a file cannot be made again
 */
export function list(place, kept, failed) {
  const template = /** @type {HTMLTemplateElement} */ (element("hand-in"));
  const shown = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
  const many = kept.length > 1;
  for (const [name, hidden] of Object.entries({ one: many, many: !many })) {
    for (const words of shown.querySelectorAll(`[data-${name}]`)) /** @type {HTMLElement} */ (words).hidden = hidden;
  }
  const files = shown.querySelector(".files");
  for (const one of kept) files?.append(row(one, failed));
  place.replaceChildren(shown);
}

/**
 * @param {Kept} one
 * @param {string} failed
 */
function row(one, failed) {
  const item = make("li");
  const name = make("span", "", "name");
  const code = make("bdi", one.name, "mono");
  const state = make("span", one.number === 1 && one.of > 1 ? "Hand this in first" : "", "state");
  name.append(code, state);
  const label = one.of > 1 ? `Save file ${one.number} of ${one.of}` : "Save the file";
  const button = /** @type {HTMLButtonElement} */ (make("button", label));
  button.type = "button";
  button.addEventListener("click", async () => {
    button.disabled = true;
    say("said", `Making ${one.name} …`);
    try {
      save(one.name, await one.make());
      state.textContent = one.number === 1 && one.of > 1 ? "Saved. Hand this in first" : "Saved";
      say("said", `${one.name} is saved where your browser keeps downloads.`);
      button.className = "quiet";
      button.textContent = one.of > 1 ? `Save file ${one.number} again` : "Save it again";
    } catch {
      state.textContent = failed;
      say("said", failed);
    }
    button.disabled = false;
  });
  item.append(name, button);
  return item;
}

/**
 * @param {string} name
 * @param {Blob} blob
 */
function save(name, blob) {
  const link = document.createElement("a");
  const address = URL.createObjectURL(new Blob([blob], { type: "application/octet-stream" }));
  addresses.add(address);
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => revoke(address), REVOKE_AFTER);
}

/** @param {string} address */
function revoke(address) {
  if (addresses.delete(address)) URL.revokeObjectURL(address);
}

/** Drop what was sealed, and every field; what the browser has saved stays saved. */
export function forget() {
  stop();
  for (const address of [...addresses]) revoke(address);
  for (const form of document.querySelectorAll("form")) form.reset();
  for (const place of document.querySelectorAll("[data-files]")) place.replaceChildren();
  for (const id of ["codename", "pickup", "open-pickup", "messages", "troubles", "had", "receiver", "answer-receiver", "said"]) {
    element(id).replaceChildren();
  }
  for (const place of document.querySelectorAll("form .problem")) /** @type {HTMLElement} */ (place).hidden = true;
  for (const one of document.querySelectorAll("[aria-invalid]")) one.removeAttribute("aria-invalid");
  for (const id of ["message", "how_known", "must_not_learn", "words", "answer", "answer-must_not_learn"]) field(id).value = "";
}
