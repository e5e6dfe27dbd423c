import { cutText, printable, textWidth } from "./text-width.ts";

/** One column of a table. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string | number | undefined;
  /** Numbers stand at the right. Default: the left. */
  readonly align?: "left" | "right";
  /** Longer cells are cut, and end in two dots. Default: none is. */
  readonly most?: number;
}

/** What stands where nothing is known. */
const NOTHING = "-";

/** Between columns. */
const GAP = "  ";

/**
 * One line for the titles and one for each row: columns as wide as their widest cell, two spaces apart. No cell holds two
 * spaces in a row, nor is it empty: `awk -F '  +'` finds them all. What is not known is a dash.
 */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string[] {
  const cells = rows.map((row) => columns.map((column) => cellOf(column, row)));
  const lines = [columns.map(({ title }) => title), ...cells];
  const widths = columns.map((_, at) => Math.max(...lines.map((line) => textWidth(line[at] ?? ""))));
  return lines.map((line) =>
    line
      .map((cell, at) => pad(cell, widths[at] ?? 0, columns[at]?.align))
      .join(GAP)
      .trimEnd(),
  );
}

function cellOf<Row>({ cell, most = Infinity }: Column<Row>, row: Row): string {
  const text = printable(String(cell(row) ?? ""))
    .replace(/\s+/g, " ")
    .trim();
  return text === "" ? NOTHING : cutText(text, most);
}

function pad(cell: string, width: number, align: "left" | "right" = "left"): string {
  const space = " ".repeat(width - textWidth(cell));
  return align === "right" ? space + cell : cell + space;
}

/** A line of dashes with a title in its middle. */
export function heading(title: string, width: number): string {
  const text = ` ${title} `;
  const left = Math.max(0, Math.floor((width - text.length) / 2));
  return `${"-".repeat(left)}${text}${"-".repeat(Math.max(0, width - text.length - left))}`;
}

/** The width of the widest line. */
export function widthOf(lines: readonly string[]): number {
  return Math.max(0, ...lines.map(textWidth));
}
