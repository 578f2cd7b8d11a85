// The page's elements: found or refused, filled with text alone, and files handed to the person without a request.

/** @typedef {Error & {words?: string}} Said */

/** What a person has to mend: the words stand at the form, and nothing was done. */
export class ToDo extends Error {}

/**
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @returns {T}
 */
export function element(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no element ${id}`);
  return /** @type {T} */ (found);
}

/**
 * @param {string} id
 * @param {string} words
 */
export function say(id, words) {
  element(id).textContent = words;
}

/**
 * @param {string} id
 * @param {boolean} shown
 */
export function show(id, shown = true) {
  element(id).hidden = !shown;
}

/**
 * @param {string} id of an input
 * @returns {string}
 */
export function typed(id) {
  return element(id) instanceof HTMLInputElement || element(id) instanceof HTMLTextAreaElement || element(id) instanceof HTMLSelectElement
    ? /** @type {HTMLInputElement} */ (element(id)).value
    : "";
}

/**
 * The bytes of the chosen file, null where none is chosen.
 * @param {string} id
 * @param {number} most bytes
 */
export async function chosen(id, most) {
  const file = /** @type {HTMLInputElement} */ (element(id)).files?.[0];
  if (file === undefined) return null;
  if (file.size > most) throw new ToDo(`${file.name} is larger than anything that belongs here. Choose another file.`);
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch {
    throw new ToDo(`${file.name} has changed, or is gone, since you chose it. Choose it again.`);
  }
}

/**
 * Let the person save bytes as a file.
 * @param {string} id of a link
 * @param {string} name
 * @param {Uint8Array} data
 * @param {string} [type]
 */
export function offer(id, name, data, type = "application/octet-stream") {
  const link = /** @type {HTMLAnchorElement} */ (element(id));
  if (link.href.startsWith("blob:")) URL.revokeObjectURL(link.href);
  link.href = URL.createObjectURL(new Blob([data.slice()], { type }));
  link.download = name;
  link.hidden = false;
}

/**
 * @param {string} tag
 * @param {string} words
 */
export function made(tag, words) {
  const one = document.createElement(tag);
  one.textContent = words;
  return one;
}

/**
 * @param {string} value
 * @param {string} words
 */
export function option(value, words) {
  const one = /** @type {HTMLOptionElement} */ (made("option", words));
  one.value = value;
  return one;
}

/**
 * Select a text and copy it; what became of that is said beside the button.
 * @param {string} area id
 * @param {string} said id
 */
export function copy(area, said) {
  /** @type {HTMLTextAreaElement} */ (element(area)).select();
  const done = document.execCommand("copy"); // the newer way needs a secure address, which a file is not everywhere
  say(said, done ? "Copied." : "Not copied: press Ctrl and C.");
}

/**
 * Run what a form asks for; what is wrong stands at the form and takes the focus.
 * @param {string} form id
 * @param {() => Promise<void>} act
 * @param {(error: unknown) => string} words for what was refused
 */
export function onSubmit(form, act, words) {
  const problem = element(`${form}-problem`);
  element(form).addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = element(form).querySelector("button[type=submit]");
    if (!(button instanceof HTMLButtonElement) || button.disabled) return;
    problem.hidden = true;
    button.disabled = true;
    try {
      await act();
    } catch (error) {
      problem.textContent = error instanceof ToDo ? error.message : words(error);
      problem.hidden = false;
      problem.focus();
    } finally {
      button.disabled = false;
      hideProgress(form);
    }
  });
}

/**
 * @param {string} form id
 * @param {string} what
 * @returns {(part: number) => void}
 */
export function progress(form, what) {
  show(`${form}-progress`);
  const bar = /** @type {HTMLProgressElement} */ (element(`${form}-bar`));
  return (part) => {
    bar.value = part;
    say(`${form}-done`, `${what}: ${Math.round(part * 100)} %`);
  };
}

/** @param {string} form */
function hideProgress(form) {
  if (document.getElementById(`${form}-progress`)) show(`${form}-progress`, false);
}

/** @returns {string} today by this computer's clock */
export function today() {
  const now = new Date();
  const two = (/** @type {number} */ part) => String(part).padStart(2, "0");
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}

/**
 * A day as people write it.
 * @param {string} day
 */
export function inWords(day) {
  const [year, month, date] = day.split("-").map(Number);
  const months = "January February March April May June July August September October November December".split(" ");
  return `${date} ${months[(month ?? 1) - 1]} ${year}`;
}

/**
 * In groups of four, as it is read aloud.
 * @param {string} digits
 */
export function groups(digits) {
  return (digits.match(/.{1,4}/g) ?? []).join(" ");
}
