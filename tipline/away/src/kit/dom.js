// The page's own elements: found by id, shown one section at a time, problems said at their field. Text is only ever text.

/** @typedef {HTMLInputElement | HTMLTextAreaElement} Field */

const MONTHS = "January February March April May June July August September October November December".split(" ");

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
export function element(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error("this page is not whole");
  return found;
}

/**
 * @param {string} id
 * @returns {Field}
 */
export function field(id) {
  return /** @type {Field} */ (element(id));
}

/**
 * @param {string} id of a file field
 * @returns {File[]}
 */
export function files(id) {
  return [...(/** @type {HTMLInputElement} */ (element(id)).files ?? [])];
}

/**
 * The chosen one of some round buttons, or null.
 * @param {string} name
 * @returns {string | null}
 */
export function chosen(name) {
  const found = document.querySelector(`input[name="${name}"]:checked`);
  return found instanceof HTMLInputElement ? found.value : null;
}

/**
 * Show one section alone, and put the focus on its heading so that it is read out.
 * @param {string} id
 */
export function show(id) {
  for (const section of document.querySelectorAll("main > section")) {
    /** @type {HTMLElement} */ (section).hidden = section.id !== id;
  }
  scrollTo(0, 0);
  element(`${id}-title`).focus({ preventScroll: true });
}

/**
 * @param {string} id
 * @param {string} words put there as text; none hides it
 */
export function say(id, words) {
  const place = element(id);
  place.textContent = words;
  place.hidden = words === "";
}

/**
 * Say at each field what is wrong with it, and put the focus on the first one.
 * @param {string} summary the element that says that something is wrong at all
 * @param {[string, Field | HTMLElement, string][]} problems the problem's element, the field, words; none where it is good
 * @returns {boolean} whether all is good
 */
export function judge(summary, problems) {
  const wrong = problems.filter(([, , words]) => words !== "");
  for (const [place, where, words] of problems) {
    say(place, words);
    if (words === "") where.removeAttribute("aria-invalid");
    else where.setAttribute("aria-invalid", "true");
  }
  const answers = wrong.length === 1 ? "One answer needs" : "Some answers need";
  say(summary, wrong.length === 0 ? "" : `Not sealed yet. ${answers} another look. Everything you typed is still here.`);
  wrong[0]?.[1].focus();
  return wrong.length === 0;
}

/**
 * @param {string} name of the element
 * @param {string} [text]
 * @param {string} [className]
 */
export function make(name, text = "", className = "") {
  const made = document.createElement(name);
  if (text !== "") made.textContent = text;
  if (className !== "") made.className = className;
  return made;
}

/**
 * @param {string} day as 2026-11-23
 * @returns {string} 23 November 2026
 */
export function dayInWords(day) {
  const [year, month, date] = day.split("-").map(Number);
  return `${date} ${MONTHS[(month ?? 1) - 1]} ${year}`;
}
