// The process that loads servers, as its parent asks. It has to cost less than any server: what it sends was encoded
// before, what comes back is counted, and only a first round looks at the content.
import { setTimeout as delay } from "node:timers/promises";
import { LoadConnection } from "./load-connection.ts";
import { type Pace, type Paced, pace } from "./pace.ts";
import type { Protocol } from "./protocol.ts";
import { protocols } from "./protocols.ts";
import { Count, type Round } from "./round.ts";

/** What there is to send. */
export interface Work {
  protocol: keyof typeof protocols;
  /** Whether it goes over TLS. */
  tls?: boolean;
  /** Bytes of a message, without what its protocol puts around it. */
  payload: number;
  connections: number;
  /** Messages on their way on each connection. */
  inFlight: number;
}

/** A server to load. */
export interface Target {
  port: number;
  /** Whose CPU time is read. */
  pid: number;
}

/** What the parent may ask. */
export interface Commands {
  /** Connects to a server, and for `duration` ms sends messages that all differ, and compares what comes back. */
  open(target: Target, work: Work, duration: number): Promise<void>;
  /** Loads a server that was opened, and counts for `duration` ms, `warmUp` ms later. */
  round(target: Target, warmUp: number, duration: number): Promise<Round>;
  /** Sends to a server that was opened at a fixed pace, and times what comes back. */
  pace(target: Target, pace: Pace): Promise<Paced>;
}

export type Command = {
  [Name in keyof Commands]: [name: Name, ...Parameters<Commands[Name]>];
}[keyof Commands];
export type Answer = { result: unknown } | { failed: string };

/** Connections to a server, and what goes over them. */
interface Opened {
  connections: LoadConnection[];
  block: Buffer;
  responseLength: number;
  inFlight: number;
}

const opened = new Map<number, Opened>();

const commands: Commands = {
  async open(
    { port, pid },
    { protocol: name, tls = false, payload, connections: count, inFlight },
    duration,
  ) {
    const protocol = protocols[name](payload);
    const end = performance.now() + duration;
    const connections = Array.from({ length: count }, () => new LoadConnection(port, tls));
    const lengths = await Promise.all(
      connections.map((connection, i) =>
        verify(connection, protocol, messages(payload, i * inFlight, inFlight), end),
      ),
    );
    const [responseLength = 0, ...others] = new Set(lengths.flat());
    if (others.length > 0) throw new Error("responses differ in length, so they cannot be counted");
    const block = Buffer.concat(messages(payload, 0, inFlight).map(protocol.request));
    opened.set(pid, { connections, block, responseLength, inFlight });
  },

  async round({ pid }, warmUp, duration) {
    const { connections, block, responseLength, inFlight } = opened.get(pid)!;
    for (const connection of connections) connection.start(block, inFlight * responseLength);
    await delay(warmUp);
    const count = new Count(
      pid,
      () => connections.reduce((sum, { received }) => sum + received, 0) / responseLength,
    );
    await delay(duration);
    const round = count.end();
    await Promise.all(connections.map((connection) => connection.stop()));
    return round;
  },

  pace({ pid }, how) {
    const { connections, block, responseLength } = opened.get(pid)!;
    return pace(connections, block, responseLength, how);
  },
};

/** Resolves with the lengths of some responses. */
async function verify(
  connection: LoadConnection,
  { opening = [], request, measure, isRight }: Protocol,
  messages: Buffer[],
  end: number,
): Promise<number[]> {
  for (const step of opening) await connection.exchange({ ...step, responses: 1 });
  const block = {
    request: Buffer.concat(messages.map(request)),
    responses: messages.length,
    measure,
    isRight: (response: Buffer, index: number) => isRight(response, messages[index]!),
  };
  let lengths = await connection.exchange(block);
  while (performance.now() < end) lengths = await connection.exchange(block);
  return lengths;
}

/** Messages of `size` bytes, different from each other and from those with other numbers. */
function messages(size: number, first: number, count: number): Buffer[] {
  return Array.from({ length: count }, (_, i) => Buffer.alloc(size, `message ${first + i}; `));
}

function answer(message: Answer): void {
  process.send?.(message);
}

process.on("message", async ([name, ...parameters]: Command) => {
  // That a name and its parameters go together is more than types can follow here.
  const command = commands[name] as (...parameters: unknown[]) => Promise<unknown>;
  answer({ result: await command(...parameters) });
});
process.on("disconnect", () => process.exit());
// A wrong response is thrown where it was read, by whichever connection. The parent ends what is of no use then.
process.on("uncaughtException", (error) => answer({ failed: error.message }));
