import { Timers } from "./timers.ts";

/** The timers of this process. */
export const timer: Timers = /* @__PURE__ */ new Timers();
