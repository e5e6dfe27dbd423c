export { type TextOptions, text } from "./text.ts";
