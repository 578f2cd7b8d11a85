// A report's form says beside each field what could lead back to the source while it is typed. Nothing is kept by it,
// and a page without it finds the same when the draft is saved.

/** @typedef {{class: string, text: string, reason: string, proposal: string}} Found */
/** @typedef {HTMLInputElement | HTMLTextAreaElement} Field */

const PAUSE = 700; // milliseconds without a key
const AWAY = "What is typed cannot be looked through just now. Saving the draft looks through it.";

const form = /** @type {HTMLFormElement} */ (document.getElementById("report"));

/** @type {Map<Field, HTMLElement>} */
const places = new Map();

let waits = 0;
let asking = false;
let changed = false;

/** @param {Field} field */
function place(field) {
  const said = document.createElement("div");
  said.setAttribute("role", "status");
  said.className = "live";
  said.id = `${field.id}-live`;
  field.after(said);
  field.setAttribute("aria-describedby", [field.getAttribute("aria-describedby"), said.id].filter(Boolean).join(" "));
  places.set(field, said);
}

function typed() {
  clearTimeout(waits);
  waits = setTimeout(() => void look(), PAUSE);
}

async function look() {
  changed = asking;
  if (asking) return;
  asking = true;
  try {
    const body = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (typeof value === "string") body.append(name, value);
    const answer = await fetch(`${form.action}/look`, { method: "POST", body, redirect: "error" });
    if (!answer.ok) throw new Error("not answered");
    tell(await answer.json());
  } catch {
    for (const [field, said] of places) if (field === document.activeElement) say(said, [AWAY]);
  } finally {
    asking = false;
  }
  if (changed) await look();
}

/** @param {Record<string, Found[]>} found by the name of the field */
function tell(found) {
  for (const [field, said] of places) {
    say(said, (found[field.name] ?? []).map(words));
  }
}

/**
 * @param {Found} found
 * @returns {string}
 */
function words({ text, reason, proposal }) {
  return `“${text}” – ${reason}${proposal === "" ? "" : ` Instead: ${proposal}`}`;
}

/**
 * Say it once: what stands there already is not read out again.
 * @param {HTMLElement} said
 * @param {string[]} lines
 */
function say(said, lines) {
  if ([...said.children].map((line) => line.textContent).join("\n") === lines.join("\n")) return;
  said.replaceChildren(
    ...lines.map((one) => {
      const line = document.createElement("p");
      line.className = "hint";
      line.dir = "auto";
      line.textContent = one;
      return line;
    }),
  );
}

for (const field of form.querySelectorAll("#title, #summary, textarea[id^='item-']")) place(/** @type {Field} */ (field));
form.addEventListener("input", (event) => {
  if (event.target instanceof Element && places.has(/** @type {Field} */ (event.target))) typed();
});
