/**
 * Where a connection is in its life:
 *
 * - opening: a handshake is under way; sends wait
 * - open: messages go both ways
 * - closing: our side takes no more messages; what it took is being written, then the codec's goodbye
 * - ending: our last byte was handed over; the peer's end is awaited
 * - closed: all is over, and the user knows
 */
export type LifeState = "opening" | "open" | "closing" | "ending" | "closed";

/** What moves a life on: a handshake done, our side to end, its last byte handed over, the transport gone. */
export type LifeEvent = "opened" | "close" | "end" | "gone";

/** The life of a connection. What is not listed changes nothing. */
export const LIFE: Readonly<Record<LifeState, Readonly<Partial<Record<LifeEvent, LifeState>>>>> = {
  opening: { opened: "open", close: "closing", gone: "closed" },
  open: { close: "closing", gone: "closed" },
  closing: { end: "ending", gone: "closed" },
  ending: { gone: "closed" },
  closed: {},
};
