/** A table of Markdown. */
export function table(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const rows = [head, ...lines].map((line) => line.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = head.map((_, column) => Math.max(3, ...rows.map((row) => (row[column] ?? "").length)));
  const lineOf = (cells: readonly string[]) =>
    `| ${widths.map((width, column) => (cells[column] ?? "").padEnd(width)).join(" | ")} |`;
  const [first = [], ...others] = rows;
  return [
    lineOf(first),
    `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`,
    ...others.map(lineOf),
  ].join("\n");
}
