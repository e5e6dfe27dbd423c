/**
 * Where a client is:
 *
 * - connecting: an attempt is under way
 * - connected: there is a connection, open or on its way out
 * - waiting: for the time of the next attempt
 * - idle: it does not come back by itself; `reconnect` makes it
 * - closing: it is to be over; what is left of its attempt or its connection goes
 * - closed: all is over
 */
export type ClientState = "connecting" | "connected" | "waiting" | "idle" | "closing" | "closed";

/**
 * What moves a client on: its connection opened; an attempt or a connection was lost, and is made good for, or is not, or
 * never can be; the time of an attempt has come; the user wants it sooner, or not at all, or all to end; nothing is left.
 */
export type ClientEvent =
  | "opened"
  | "comeBack"
  | "stayAway"
  | "giveUp"
  | "due"
  | "reconnect"
  | "cancel"
  | "close"
  | "gone";

/** The life of a client. What is not listed changes nothing. */
export const CLIENT_LIFE: Readonly<Record<ClientState, Readonly<Partial<Record<ClientEvent, ClientState>>>>> =
  {
    connecting: {
      opened: "connected",
      comeBack: "waiting",
      stayAway: "idle",
      giveUp: "closed",
      close: "closing",
    },
    connected: { comeBack: "waiting", stayAway: "idle", giveUp: "closed", close: "closing" },
    waiting: { due: "connecting", reconnect: "waiting", cancel: "idle", close: "closed" },
    idle: { reconnect: "waiting", close: "closed" },
    closing: { gone: "closed" },
    closed: {},
  };
