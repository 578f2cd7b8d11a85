// What went wrong, in words that say what to do next. Each fault has its own.

import { AgeError, AgencyFileError, KeyFormatError, PackageError, PassphraseError } from "../errors.js";

const STOP = "Open nothing, keep the files as they are, and call the unit on a number that you already have.";

/** @type {Readonly<Record<string, string>>} */
const PACKAGE = Object.freeze({
  "signature-unreadable": "The signature file is not one, or it was changed. Download it again: its name ends with .sig.",
  "signature-purpose": `This signature was made neither for a package nor for a notice. ${STOP}`,
  "signature-key": `The package is signed by another key than the unit's that you compared. ${STOP}`,
  "signature-changed": 
    "The signature does not fit this package: one of the two was changed, or they belong to different packages. " +
    `Download both again. If it happens twice: ${STOP}`,
  "other-recipient": 
    "The unit signed this package, and it is sealed for another key than yours. Choose the key file that your agency " +
    "enrolled. If you have no other, call the unit.",
  damaged: `The unit signed this file, and it is no sealed package. ${STOP}`,
  zip: `The unit signed this package, and what is in it is not as the unit packs it. Nothing of it is shown. ${STOP}`,
  notice: `The unit signed this notice, and what is in it is not as the unit writes one. ${STOP}`,
  manifest: `The package's list of contents is not in order. Nothing of it is shown. ${STOP}`,
});

/**
 * @param {unknown} error
 * @returns {string}
 */
export function refused(error) {
  if (error instanceof PackageError) {
    if (error.fault === "page") return `${error.member} holds more than words to read, so it is not shown. ${STOP}`;
    if (error.fault === "member") return `${error.member} is not what the package's signed list says. Nothing is shown. ${STOP}`;
    return PACKAGE[error.fault] ?? `This package cannot be used. ${STOP}`;
  }
  if (error instanceof PassphraseError) return "The passphrase does not open this key file. Type the seven words as you wrote them down.";
  if (error instanceof AgeError) return "The key file is damaged, or it is not your key file. Use your other copy of it.";
  if (error instanceof AgencyFileError) return "This file opens, and it is not the key file that this page made. Choose that one.";
  if (error instanceof KeyFormatError) return "The unit's key is not written as it should be. Paste the whole line.";
  return "This browser could not do it. Close other pages and try again, or use age or GnuPG as the portal says.";
}
