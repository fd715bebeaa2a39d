/** Networks of a pair that stay as they are drawn: what a rule still learns then is the control for what it learns in them. */

/** perception: its hidden stages; the read-out on top of them learns. recall: all of it, or the feedback net in its place. */
export type Freeze = "none" | "perception" | "recall" | "both";

/** Which networks may learn. */
export interface Learning {
  readonly perception: boolean;
  readonly recall: boolean;
}

/** @example learning("recall") // { perception: true, recall: false } */
export function learning(freeze: Freeze = "none"): Learning {
  return {
    perception: freeze !== "perception" && freeze !== "both",
    recall: freeze !== "recall" && freeze !== "both",
  };
}
