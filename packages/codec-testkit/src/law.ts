import type { Rig } from "./rig.ts";
import type { LawName } from "./spec.ts";

/** Something that every codec does, or never does. `check` throws when the codec of the rig breaks it. */
export interface Law {
  name: LawName;
  check(rig: Rig): Promise<void>;
}
