/** Who says what. */
export type Role = "client" | "server";

/**
 * Where one side is in the cycle of a request and its answer:
 *
 * - idle: nothing has been said
 * - answering: a request has come, and nothing final was said to it (servers only)
 * - sending: its head is out, and its body not all
 * - done: all of its message is out
 * - switched: the connection speaks another protocol now
 * - closed: this side says nothing more
 */
export type State = "idle" | "answering" | "sending" | "done" | "switched" | "closed";

/**
 * What moves a side on: a request has come; the head of its message, and the end of it; both are done and the connection
 * persists; an answer that switches protocols; an answer, or a request, that is the last.
 */
export type Event = "asked" | "head" | "end" | "next" | "switch" | "close";

/** The cycle of HTTP/1.1, by role: RFC 9112 9. What is not listed cannot be. */
export const CYCLE: Readonly<Record<Role, Readonly<Record<State, Readonly<Partial<Record<Event, State>>>>>>> =
  {
    client: {
      idle: { head: "sending", close: "closed" },
      answering: {},
      sending: { end: "done", close: "closed" },
      // Behind CONNECT, or a request to upgrade, nothing is sent before the answer.
      done: { next: "idle", switch: "switched", close: "closed" },
      switched: {},
      closed: {},
    },
    server: {
      idle: { asked: "answering", close: "closed" },
      answering: { head: "sending", switch: "switched", close: "closed" },
      sending: { end: "done", close: "closed" },
      done: { next: "idle", close: "closed" },
      switched: {},
      closed: {},
    },
  };

/** Both sides of one connection, in whichever role it is held. */
export class Cycle {
  client: State = "idle";
  server: State = "idle";
  /** One side has said that this is the last request, or has no other way to end its message. */
  isLast = false;

  /** @throws Error for what cannot be: a bug of the codec */
  move(role: Role, event: Event): void {
    const next = CYCLE[role][this[role]][event];
    if (next === undefined) throw new Error(`a ${role} cannot ${event} when it is ${this[role]}`);
    this[role] = next;
  }

  /** The request has come or gone, head and all: the server answers. */
  asked(): void {
    this.move("client", "head");
    this.move("server", "asked");
  }

  /** Begins the next request, if this one and its answer are done. False: they are not, or were the last. */
  turn(): boolean {
    if (this.client !== "done" || this.server !== "done") return false;
    const event = this.isLast ? "close" : "next";
    this.move("client", event);
    this.move("server", event);
    return !this.isLast;
  }

  /** The other protocol begins. */
  switch(): void {
    this.move("server", "switch");
    this.move("client", "switch");
  }

  /** Whether an answer may begin. */
  get awaitsAnswer(): boolean {
    return this.server === "answering";
  }
}
