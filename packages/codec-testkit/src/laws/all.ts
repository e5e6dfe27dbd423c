import type { Law } from "../law.ts";
import { afterTheEnd } from "./after-the-end.ts";
import { chunkBoundaries } from "./chunk-boundaries.ts";
import { encodeLeavesAlone } from "./encode-leaves-alone.ts";
import { frameEnds } from "./frame-ends.ts";
import { garbageIsRefused } from "./garbage-is-refused.ts";
import { inputOnlyLooks } from "./input-only-looks.ts";
import { memoryIsBounded } from "./memory-is-bounded.ts";
import { nothingShared } from "./nothing-shared.ts";
import { roundTrip } from "./round-trip.ts";
import { timeGrows } from "./time-grows.ts";

/** In the order in which they are best mended. */
export const laws: readonly Law[] = [
  roundTrip,
  chunkBoundaries,
  frameEnds,
  inputOnlyLooks,
  garbageIsRefused,
  memoryIsBounded,
  afterTheEnd,
  nothingShared,
  encodeLeavesAlone,
  timeGrows,
];
