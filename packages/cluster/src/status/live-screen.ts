import { cutText } from "./text-width.ts";

/** How large a terminal is. */
export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

const HOME = "\x1b[H";
const CLEAR_LINE = "\x1b[K";
const CLEAR_BELOW = "\x1b[J";

/** Clears the screen and hides the cursor … */
export const OPEN_SCREEN = "\x1b[2J\x1b[?25l";
/** … which is shown again behind all. */
export const CLOSE_SCREEN = "\x1b[?25h";

/** What is written to a terminal to show these lines in place of those before: without a flicker, and cut where it ends. */
export function drawScreen(lines: readonly string[], { columns, rows }: ScreenSize): string {
  // The last line stays free: a line feed there would scroll.
  const shown = lines.slice(0, Math.max(1, rows - 1));
  return `${HOME}${shown.map((line) => `${cutText(line, columns)}${CLEAR_LINE}\n`).join("")}${CLEAR_BELOW}`;
}
