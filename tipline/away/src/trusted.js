// The page's one policy for text that becomes a document or a script: where a page forbids all of that (trusted types), these
// two uses are let through, the verified page of a package in its locked frame, and this very script in a worker.

/** @typedef {{createHTML(own: string): string, createScriptURL(own: string): string}} Policy */

/** @type {Policy} */
const OWN = { createHTML: (own) => own, createScriptURL: (own) => own };

const { trustedTypes } = /** @type {{trustedTypes?: {createPolicy(name: string, rules: Policy): Policy}}} */ (globalThis);

/** @type {Policy} */
export const TRUSTED = trustedTypes?.createPolicy("tipline", OWN) ?? OWN;
