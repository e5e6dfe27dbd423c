export { frame } from "./frame.ts";
export type { FrameOptions } from "./length-field.ts";
