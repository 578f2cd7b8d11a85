// Is a package's page only there to be read? The lists are those of `handling/guard/markup.py`, which looked before it left.
//
// The frame has no script and a policy without sources, but browsers fetch ahead what a page merely names (prefetch, name
// look-ups) whatever its policy says. So a page that names anything is not shown at all, even when the unit's key signed it.

import { PackageError } from "../errors.js";
import { TRUSTED } from "../trusted.js";

const ELEMENTS = set(
  "html head meta title style body header main footer section article nav h1 h2 h3 h4 h5 h6 p div span ul ol li dl dt" +
    " dd table caption colgroup col thead tbody tfoot tr th td strong em b i br hr wbr blockquote pre code small bdi bdo" +
    " time sub sup abbr a",
);
const ATTRIBUTES = set(
  "class id lang dir role scope colspan rowspan headers title datetime start value charset name content http-equiv href",
);
const AT_RULES = set("media page bottom-left bottom-center bottom-right top-left top-center top-right");
const FUNCTIONS = set(
  "var calc min max clamp minmax repeat auto-fit counter rgb rgba hsl hsla attr not is where lang nth-child nth-of-type",
);
const POLICY = "default-src'none';style-src'unsafe-inline'";

/**
 * Return the page as it is, or refuse it.
 * @param {string} name of the member
 * @param {string} page
 */
export function inert(name, page) {
  const read = new DOMParser().parseFromString(TRUSTED.createHTML(page), "text/html"); // reads, and fetches nothing
  for (const element of read.querySelectorAll("*")) {
    if (!isInert(element)) throw new PackageError("page", name);
  }
  return page;
}

/** @param {Element} element */
function isInert(element) {
  const tag = element.localName;
  if (element.namespaceURI !== "http://www.w3.org/1999/xhtml" || !ELEMENTS.has(tag)) return false;
  if (tag === "style" && !isInertStyle(element.textContent ?? "")) return false;
  return [...element.attributes].every(({ name, value }) => {
    if (name === "http-equiv") {
      const content = (element.getAttribute("content") ?? "").replaceAll(" ", "").replace(/;$/, "");
      return value.toLowerCase() === "content-security-policy" && content === POLICY;
    }
    return ATTRIBUTES.has(name) && (name !== "href" || (tag === "a" && value.startsWith("#")));
  });
}

/** @param {string} css */
function isInertStyle(css) {
  const rules = [...css.matchAll(/@\s*([\w-]*)/g)].map(([, rule]) => (rule ?? "").toLowerCase());
  const called = [...css.matchAll(/([\w-]*)\(/g)].map(([, name]) => (name ?? "").toLowerCase());
  return !/[\\<]/.test(css) && rules.every((rule) => AT_RULES.has(rule)) && called.every((name) => !name || FUNCTIONS.has(name));
}

/** @param {string} words */
function set(words) {
  return new Set(words.split(" "));
}
