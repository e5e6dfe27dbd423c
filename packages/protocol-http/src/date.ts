let second = 0;
let line = "";

/** The Date field of an answer made now, with its line's end: RFC 9110 6.6.1. Made once a second. */
export function dateLine(): string {
  const now = Date.now();
  const current = now - (now % 1000);
  if (current !== second) {
    second = current;
    line = `Date: ${new Date(current).toUTCString()}\r\n`;
  }
  return line;
}
