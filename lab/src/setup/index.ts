/** Setups, as the page loads them: when somebody chooses one, or comes by a link that holds one. */
import "./jitless.ts";

export { checkedConfig, type ExperimentConfig } from "../../../src/training/config.ts";
export { commandOf } from "./command.ts";
export { type Faults, faultsOf, inWords, NO_FAULTS } from "./faults.ts";
export { Draft, type Field, fieldsOf, othersOf, RULES } from "./fields.ts";
export { linkOf, readLink } from "./link.ts";
export { type Pairs, pairsOf, rawOf } from "./pairs.ts";
