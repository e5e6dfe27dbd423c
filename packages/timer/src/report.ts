/** Says on stderr that `what` failed: where an exception goes when no one asked for it, and not through the process. */
export function report(what: string, error: unknown): void {
  console.error(`${what} failed:`, error);
}
