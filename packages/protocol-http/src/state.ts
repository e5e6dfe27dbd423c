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
 * persists, or does not; an answer that switches protocols.
 */
export type Event = "asked" | "head" | "end" | "next" | "close" | "switch";

/** The cycle of HTTP/1.1, by role: RFC 9112 9. What is not listed cannot be. */
export const CYCLE: Readonly<Record<Role, Readonly<Record<State, Readonly<Partial<Record<Event, State>>>>>>> =
  {
    client: {
      idle: { head: "sending" },
      answering: {},
      sending: { end: "done" },
      // Behind CONNECT, or a request to upgrade, nothing is sent before the answer.
      done: { next: "idle", close: "closed", switch: "switched" },
      switched: {},
      closed: {},
    },
    server: {
      idle: { asked: "answering" },
      answering: { head: "sending", switch: "switched" },
      sending: { end: "done" },
      done: { next: "idle", close: "closed" },
      switched: {},
      closed: {},
    },
  };

/** Both sides of one connection, in whichever role it is held. */
export class Cycle {
  /** One side has said that this is the last request, or has no other way to end its message. */
  isLast = false;
  #client: Place = CLIENT;
  #server: Place = SERVER;

  get client(): State {
    return this.#client.state;
  }

  get server(): State {
    return this.#server.state;
  }

  /** Whether an answer may begin. */
  get awaitsAnswer(): boolean {
    return this.#server.state === "answering";
  }

  /** The head of a request is over: the server is asked. */
  requestBegun(): void {
    this.#client = this.#client.head ?? cannot("client", this.#client, "head");
    this.#server = this.#server.asked ?? cannot("server", this.#server, "asked");
  }

  requestEnded(): void {
    this.#client = this.#client.end ?? cannot("client", this.#client, "end");
  }

  /** The head of the final answer is over. */
  answerBegun(): void {
    this.#server = this.#server.head ?? cannot("server", this.#server, "head");
  }

  answerEnded(): void {
    this.#server = this.#server.end ?? cannot("server", this.#server, "end");
  }

  /** Begins the next request, if this one and its answer are done. False: they are not, or were the last. */
  turn(): boolean {
    const event = this.isLast ? "close" : "next";
    const client = this.#client[event];
    const server = this.#server[event];
    if (client === undefined || server === undefined) return false;
    this.#client = client;
    this.#server = server;
    return !this.isLast;
  }

  /** The other protocol begins. */
  switch(): void {
    this.#client = this.#client.switch ?? cannot("client", this.#client, "switch");
    this.#server = this.#server.switch ?? cannot("server", this.#server, "switch");
  }
}

/** A row of the table that knows the rows it leads to: a step is one load. */
interface Place {
  readonly state: State;
  asked: Place | undefined;
  head: Place | undefined;
  end: Place | undefined;
  next: Place | undefined;
  close: Place | undefined;
  switch: Place | undefined;
}

const CLIENT = placesOf("client");
const SERVER = placesOf("server");

/** The rows of a role, by way of the first. */
function placesOf(role: Role): Place {
  const rows = CYCLE[role];
  const places = {} as Record<State, Place>;
  const none = { asked: undefined, head: undefined, end: undefined, next: undefined, close: undefined };
  for (const state of Object.keys(rows) as State[]) places[state] = { state, ...none, switch: undefined };
  for (const state of Object.keys(rows) as State[]) {
    for (const [event, next] of Object.entries(rows[state])) places[state][event as Event] = places[next];
  }
  return places.idle;
}

/** @throws Error for what cannot be: a bug of the codec */
function cannot(role: Role, { state }: Place, event: Event): never {
  throw new Error(`a ${role} cannot ${event} when it is ${state}`);
}
