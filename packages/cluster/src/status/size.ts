const UNITS = ["B", "KB", "MB", "GB", "TB", "PB"] as const;

/** Bytes as people read them, as the ancestor writes them: `0B`, `1.5KB`, `4.0MB`; 1,024 of one unit are the next. */
export function formatSize(bytes: number): string {
  let size = bytes;
  let unit = 0;
  // What would be rounded to 1024.0 is 1.0 of the next.
  while (size >= (unit === 0 ? 1_024 : 1_023.95) && unit < UNITS.length - 1) {
    size /= 1_024;
    unit += 1;
  }
  return `${unit === 0 ? Math.round(size) : size.toFixed(1)}${UNITS[unit]}`;
}
