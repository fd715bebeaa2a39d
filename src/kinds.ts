/** What arguments of entry points may be, by the names most of them have; others say which of these they are (`ofKind`). */
import type * as z from "zod/mini";
import { fileKinds } from "./kinds/files.ts";
import { imageKinds } from "./kinds/images.ts";
import { measureKinds } from "./kinds/measures.ts";
import { netKinds } from "./kinds/nets.ts";
import { plainKinds } from "./kinds/plain.ts";
import { ruleKinds } from "./kinds/rules.ts";
import { sequenceKinds } from "./kinds/sequences.ts";

/** What an argument may be. */
export interface Kind {
  readonly schema: z.core.$ZodType;
  /** The sentence after "expected". */
  readonly words: string;
}

export const kinds = {
  ...plainKinds,
  ...imageKinds,
  ...netKinds,
  ...ruleKinds,
  ...sequenceKinds,
  ...measureKinds,
  ...fileKinds,
} satisfies Readonly<Record<string, Kind>>;
