// The answers that an agency can give, in the order in which a form shows them. A test holds them against the portal's.

/** @typedef {{stage: string, label: string, codes: [string, string][]}} Stage */

/** @type {readonly Stage[]} */
export const STAGES = Object.freeze([
  {
    stage: "assessed",
    label: "We looked at it",
    codes: [
      ["new", "New to us"],
      ["known", "We knew part of this"],
      ["duplicate", "We had this already"],
      ["out-of-scope", "Not our work"],
      ["insufficient", "Too little to assess"],
    ],
  },
  {
    stage: "actioned",
    label: "We acted on it",
    codes: [
      ["none", "No further action for now"],
      ["background", "Kept as background"],
      ["tasked", "Tasked to someone"],
      ["operation", "Used in an operation"],
      ["passed-on", "Passed on with your consent"],
    ],
  },
  {
    stage: "outcome",
    label: "Something came of it",
    codes: [
      ["none", "No outcome"],
      ["seizure", "Seizure"],
      ["arrest", "Arrest"],
      ["charge", "Charge"],
      ["conviction", "Conviction"],
      ["disruption", "Disruption"],
      ["rescue", "Rescue of people or animals"],
      ["forfeiture", "Forfeiture"],
      ["policy-change", "Change of policy or practice"],
      ["wrong", "The information was wrong"],
    ],
  },
  {
    stage: "closure",
    label: "We are done with it",
    codes: [
      ["finished", "Our work on it has ended"],
      ["no-capacity", "We cannot work on it"],
      ["other-body", "Another body has taken it over"],
    ],
  },
]);

/** @type {readonly [string, string][]} */
export const AXES = Object.freeze([
  ["accuracy", "Accuracy"],
  ["timeliness", "Timeliness"],
  ["completeness", "Completeness"],
  ["novelty", "Novelty"],
  ["actionability", "Actionability"],
]);

export const MARKS = Object.freeze([1, 2, 3, 4, 5]);

/** The most letters of an officer's own words. */
export const TEXT_MAX = 4000;

/** What became of the copies of a package. @type {readonly [string, string][]} */
export const FATES = Object.freeze([
  ["destroyed", "Every copy is destroyed"],
  ["returned", "Every copy is given back to the unit"],
  ["excepted", "Every copy but the ones named below"],
]);

/** In which way a package got out of the agency's hands. @type {readonly [string, string][]} */
export const LOSSES = Object.freeze([
  ["lost", "A copy was lost or stolen"],
  ["seen", "Somebody saw it who must not"],
  ["sent", "It was sent to somebody else by mistake"],
  ["intrusion", "Somebody broke into a system or account that holds it"],
  ["misuse", "It was used or passed on against the conditions"],
]);
