const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Milliseconds in the two largest units that they fill: `3 days 2 hours`, `1 hour 0 minutes`, `12 seconds`. */
export function formatDuration(ms: number): string {
  const days = Math.floor(ms / DAY);
  const hours = Math.floor(ms / HOUR) % 24;
  const minutes = Math.floor(ms / MINUTE) % 60;
  const seconds = Math.floor(ms / SECOND) % 60;
  if (days > 0) return `${count(days, "day")} ${count(hours, "hour")}`;
  if (hours > 0) return `${count(hours, "hour")} ${count(minutes, "minute")}`;
  if (minutes > 0) return `${count(minutes, "minute")} ${count(seconds, "second")}`;
  return count(seconds, "second");
}

/** `1 worker`, `2 workers`. */
export function count(n: number, what: string, plural = `${what}s`): string {
  return `${n} ${n === 1 ? what : plural}`;
}

/** `2026-11-21 23:26:15`, in this machine's time zone. */
export function formatTime(at: number): string {
  const date = new Date(at);
  const shifted = new Date(at - date.getTimezoneOffset() * MINUTE);
  return shifted.toISOString().slice(0, 19).replace("T", " ");
}
