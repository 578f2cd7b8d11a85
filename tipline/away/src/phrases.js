// The fixed sentences of a unit by their code; only the code travels. A test holds them against `tipline.replies`.

/** @type {Readonly<Record<string, string>>} */
export const PHRASES = Object.freeze({
  "received": "We have received it.",
  "understood": "We read it and understood it.",
  "question": "Please see our question.",
  "known": "We knew part of this; it still helps.",
  "outside": "This is outside our work; these bodies take it: the police, customs, the parks or wildlife authority.",
  "helped": "It helped.",
  "no-action": "There is no further action for now.",
  "never-say": "We may never be able to say what happened; that does not mean nothing did.",
  "stop": "Please collect no more; do not take risks.",
  "look-after-01": "Look here again after January.",
  "look-after-02": "Look here again after February.",
  "look-after-03": "Look here again after March.",
  "look-after-04": "Look here again after April.",
  "look-after-05": "Look here again after May.",
  "look-after-06": "Look here again after June.",
  "look-after-07": "Look here again after July.",
  "look-after-08": "Look here again after August.",
  "look-after-09": "Look here again after September.",
  "look-after-10": "Look here again after October.",
  "look-after-11": "Look here again after November.",
  "look-after-12": "Look here again after December.",
  "safety": "Safety advice for you has changed: read this page.",
  "closed": "This is closed; you may open it again with the same code.",
});
