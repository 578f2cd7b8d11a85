// The ways in which something is refused: few, named, with fixed texts that never hold data. The names are those of the
// Python side, so that both can be held against the same examples.

/** Root of everything that this code raises about data it was given. */
export class RefusedError extends Error {
  /** @param {string} text */
  constructor(text) {
    super(text);
    this.name = new.target.name;
  }
}

/** A value has no canonical JSON form, or bytes are not the canonical form of what they say. */
export class CanonicalError extends RefusedError {
  constructor() {
    super("value is not canonical JSON");
  }
}

/** A sealed value is damaged, is for another place, or needs another key: one error on purpose. */
export class OpenError extends RefusedError {
  constructor() {
    super("sealed value could not be opened");
  }
}

/** An age file is damaged, was changed, or is not for this key. */
export class AgeError extends RefusedError {
  constructor() {
    super("age file could not be opened");
  }
}

/** A recipient, an identity or another encoded key is not well formed. */
export class KeyFormatError extends RefusedError {
  constructor() {
    super("key is not well formed");
  }
}

/** A signature, a statement or a MAC does not verify against what is trusted. */
export class SignatureError extends RefusedError {
  constructor() {
    super("signature could not be verified");
  }
}

/** What was typed is not a codename, or not a pickup code. */
export class CodenameError extends RefusedError {
  /**
   * @param {string[]} unknown typed words that are in no list; with none, a word is wrong, missing or too many
   * @param {number} count how many words were typed
   */
  constructor(unknown, count) {
    super("not a codename");
    this.unknown = unknown;
    this.count = count;
  }
}

/** A wrapper, message, reply, bundle or slip is not of its form. */
export class EnvelopeError extends RefusedError {
  constructor(text = "this is not a well-formed Tipline message") {
    super(text);
  }
}

/** A reply's MAC does not fit its thread: somebody without the thread's key wrote or changed it. */
export class ForgedError extends EnvelopeError {
  constructor() {
    super("this message was not written by the holder of the thread's key");
  }
}

/** An intake key is not signed by its unit's signer, or not valid on this day. */
export class IntakeKeyError extends EnvelopeError {
  constructor() {
    super("no valid intake key");
  }
}

/** The pinned units are not signed by the root that is trusted, or not valid on this day. */
export class PinsError extends EnvelopeError {
  constructor() {
    super("these keys are not signed by the unit's root");
  }
}

/** The source's place in the thread is damaged or was exchanged, so nothing can follow it. */
export class PlaceError extends RefusedError {
  constructor() {
    super("the memory of this report is damaged: an answer cannot follow it, write a new report");
  }
}

/** No key at hand is of the unit that has the thread. */
export class OtherUnitError extends RefusedError {
  constructor() {
    super("another unit has this report than those whose keys are here: nothing was sealed");
  }
}

/** More, larger or longer than one report takes. */
export class TooMuchError extends RefusedError {
  constructor() {
    super("one report takes at most 20 files and 2 GB, and a quarter of a million letters");
  }
}

/** A file has changed, or is gone, since sealing it began. */
export class FileChangedError extends RefusedError {
  constructor() {
    super("a file has changed since it was chosen: choose it again");
  }
}

/** A passphrase does not open the file that it was typed for. */
export class PassphraseError extends RefusedError {
  constructor() {
    super("passphrase does not open this file");
  }
}

/** What an agency hands in or keeps cannot be used; *fault* is one of the names that the Python side has. */
export class AgencyFileError extends RefusedError {
  /** @param {string} fault */
  constructor(fault) {
    super("this is not what an agency writes");
    this.fault = fault;
  }
}

/** A package is not what the unit released; *fault* says at which step, *member* which file of it. */
export class PackageError extends RefusedError {
  /**
   * @param {string} fault
   * @param {string} [member]
   */
  constructor(fault, member = "") {
    super("this is not a package as the unit released it");
    this.fault = fault;
    this.member = member;
  }
}
