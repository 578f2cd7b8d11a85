// Codes that an agency may write on its material, in the order in which the form shows them. A test holds them against the unit's.

/** @typedef {readonly [string, string][]} Choices */
/** @typedef {{name: string, source: Choices, information: Choices}} Scheme */

/** @type {readonly Scheme[]} */
export const SCHEMES = Object.freeze([
  {
    name: "3x5x2",
    source: [
      ["1", "Reliable"],
      ["2", "Untested"],
      ["3", "Not reliable"],
    ],
    information: [
      ["A", "Known directly"],
      ["B", "Known indirectly but corroborated"],
      ["C", "Known indirectly"],
      ["D", "Not known"],
      ["E", "Suspected to be false"],
    ],
  },
  {
    name: "5x5x5",
    source: [
      ["A", "Always reliable"],
      ["B", "Mostly reliable"],
      ["C", "Sometimes reliable"],
      ["D", "Unreliable"],
      ["E", "Untested"],
    ],
    information: [
      ["1", "Known to be true without reservation"],
      ["2", "Known personally to the source"],
      ["3", "Not known personally to the source, but corroborated"],
      ["4", "Cannot be judged"],
      ["5", "Suspected to be false"],
    ],
  },
  {
    name: "admiralty",
    source: [
      ["A", "Completely reliable"],
      ["B", "Usually reliable"],
      ["C", "Fairly reliable"],
      ["D", "Not usually reliable"],
      ["E", "Unreliable"],
      ["F", "Reliability cannot be judged"],
    ],
    information: [
      ["1", "Confirmed by other independent sources"],
      ["2", "Probably true"],
      ["3", "Possibly true"],
      ["4", "Doubtful"],
      ["5", "Improbable"],
      ["6", "Truth cannot be judged"],
    ],
  },
  {
    name: "europol",
    source: [
      ["A", "No doubt"],
      ["B", "Reliable in most instances"],
      ["C", "Unreliable in most instances"],
      ["X", "Cannot be assessed"],
    ],
    information: [
      ["1", "Accuracy not in doubt"],
      ["2", "Known personally to the source"],
      ["3", "Not known personally, but corroborated"],
      ["4", "Cannot be corroborated"],
    ],
  },
]);

/**
 * What a report may be used for.
 * @type {Choices}
 */
export const PURPOSES = Object.freeze([
  ["intelligence", "Intelligence: analysis, without action on this report alone"],
  ["investigation", "Investigation: to open or further an inquiry"],
  ["seizure", "Seizure: to stop, search or seize goods and conveyances"],
  ["protection", "Protection: to protect animals, plants, places and the staff who guard them"],
  ["safeguarding", "Safeguarding: to protect people in danger"],
  ["compliance", "Compliance: a company or bank checks its own customers, cargo or staff"],
]);

/**
 * What kinds of agencies there are.
 * @type {Choices}
 */
export const CLASSES = Object.freeze([
  ["police", "police"],
  ["customs", "customs services"],
  ["parks", "parks and wildlife authorities"],
  ["financial-intelligence", "financial intelligence units"],
  ["prosecutor", "prosecutors"],
  ["regulator", "regulators and oversight bodies"],
  ["ngo", "non-governmental organisations"],
  ["airline", "airlines"],
  ["shipper", "shippers and forwarders"],
  ["bank", "banks"],
  ["marketplace", "market places"],
  ["insurer", "insurers"],
]);

/**
 * The Traffic Light Protocol.
 * @type {Choices}
 */
export const MARKINGS = Object.freeze([
  ["CLEAR", "no limit on who may read it"],
  ["GREEN", "for the community that works on it"],
  ["AMBER", "for the agency and those it works for, where they need to know"],
  ["AMBER+STRICT", "for the agency alone, where its people need to know"],
  ["RED", "for the named recipients alone"],
]);

/**
 * Handling codes of 3x5x2, with their conditions.
 * @type {Choices}
 */
export const HANDLING = Object.freeze([
  ["P", "Lawful sharing permitted"],
  ["C A1 S1", "Corroborate only; Recipient may sanitise"],
  ["C A1 S2", "Corroborate only; Not without the originator"],
  ["C A2 S1", "Covert action only; Recipient may sanitise"],
  ["C A2 S2", "Covert action only; Not without the originator"],
  ["C A3 S1", "Overt action; Recipient may sanitise"],
  ["C A3 S2", "Overt action; Not without the originator"],
]);
