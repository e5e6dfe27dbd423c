import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Connection } from "../src/index.ts";
import { streamed } from "./support/codecs.ts";
import { pair, type Wire } from "./support/pair.ts";
import { settled } from "./support/settled.ts";

type Verb = "send" | "stream" | "pause" | "resume" | "settle" | "closeWrite" | "close" | "destroy";

interface Step {
  who: 0 | 1;
  verb: Verb;
  size: number;
}

interface Manner {
  handler: "quick" | "slow";
  allowHalfOpen: boolean;
  maxSendBufferSize: number;
}

const anyManner: fc.Arbitrary<Manner> = fc.record({
  handler: fc.constantFrom("quick", "slow"),
  allowHalfOpen: fc.boolean(),
  maxSendBufferSize: fc.constantFrom(1, 100, 10_000, 1_000_000),
});

function anySteps(...rare: Verb[]): fc.Arbitrary<Step[]> {
  const common: Verb[] = ["send", "send", "send", "stream", "pause", "resume", "settle"];
  return fc.array(
    fc.record({
      who: fc.constantFrom<0 | 1>(0, 1),
      verb: fc.constantFrom(...common, ...common, ...rare),
      size: fc.oneof(fc.nat(30), fc.nat(30_000)),
    }),
    { maxLength: 40, size: "max" },
  );
}

/** Takes all the steps, then lets both sides end in order; waits until both are closed. */
async function live(wire: Wire, manners: readonly [Manner, Manner], steps: readonly Step[]) {
  const sides = [0, 1].map(() => ({ accepted: [] as string[], received: [] as string[] }));
  const options = (who: number) => ({
    ...manners[who]!,
    codec: streamed(),
    onMessage(_: unknown, line: string) {
      sides[who]!.received.push(line);
      return manners[who]!.handler === "slow" ? settled() : undefined;
    },
  });
  const pairOfSides = await pair(wire, options(0), options(1));
  const connections = pairOfSides.map(({ connection }) => connection);
  let sent = 0;
  for (const { who, verb, size } of steps) {
    const connection = connections[who]!;
    if (verb === "send" || verb === "stream") {
      const line = `${sent++} ${"x".repeat(size)}`;
      const answer = connection.send(verb === "send" ? line : inPieces(line));
      if (answer === "sent" || answer === "buffered") sides[who]!.accepted.push(line);
    } else if (verb === "pause") connection.pauseRecv();
    else if (verb === "resume") connection.resumeRecv();
    else if (verb === "settle") await settled();
    else connection[verb]();
  }
  for (const connection of connections) {
    connection.closeWrite();
    connection.resumeRecv();
  }
  for (const { diary } of pairOfSides) await diary.until("close");
  return { sides, connections, diaries: pairOfSides.map(({ diary }) => diary.lines) };
}

describe.each([
  ["memory", 80],
  ["tcp", 25],
  ["unix", 25],
] as const)("over %s, whatever two sides do,", (wire, numRuns) => {
  test("each opens and closes once, and nothing is told outside of that", () =>
    fc.assert(
      fc.asyncProperty(
        fc.tuple(anyManner, anyManner),
        anySteps("closeWrite", "close", "destroy"),
        async (manners, steps) => {
          const { diaries, connections } = await live(wire, manners, steps);
          await settled();
          for (const [who, diary] of diaries.entries()) {
            expect(diary[0]).toBe("connect");
            expect(diary.at(-1)).toBe("close");
            for (const once of ["connect", "close"])
              expect(diary.filter((line) => line === once)).toHaveLength(1);
            const edges = diary.filter((line) => line === "full" || line === "drain");
            expect(edges).toEqual(edges.map((_, i) => (i % 2 === 0 ? "full" : "drain")));
            expect(connections[who]!.state).toBe("closed");
            expect(connections[who]!.send("late")).toBe("closed");
          }
        },
      ),
      { numRuns },
    ));

  test("messages come in order, none twice, none that was not accepted", () =>
    fc.assert(
      fc.asyncProperty(
        fc.tuple(anyManner, anyManner),
        anySteps("closeWrite", "close", "destroy"),
        async (manners, steps) => {
          const { sides } = await live(wire, manners, steps);
          for (const who of [0, 1]) {
            const { received } = sides[who]!;
            expect(received).toEqual(sides[1 - who]!.accepted.slice(0, received.length));
          }
        },
      ),
      { numRuns },
    ));

  test("and all of them, when each side ends in order", () =>
    fc.assert(
      fc.asyncProperty(
        fc.tuple(anyManner, anyManner).map(([one, two]): [Manner, Manner] => [
          { ...one, allowHalfOpen: true },
          { ...two, allowHalfOpen: true },
        ]),
        anySteps("closeWrite"),
        async (manners, steps) => {
          const { sides, diaries } = await live(wire, manners, steps);
          for (const who of [0, 1]) expect(sides[who]!.received).toEqual(sides[1 - who]!.accepted);
          for (const diary of diaries) {
            const errors = diary.filter(
              (line) => line.startsWith("error") && !line.includes("SEND_BUFFER_FULL"),
            );
            expect(errors).toEqual([]);
          }
        },
      ),
      { numRuns },
    ));
});

/** A line that comes little by little, some of it at later turns. */
async function* inPieces(line: string): AsyncGenerator<string> {
  const size = Math.ceil(line.length / 4);
  for (let at = 0; at < line.length; at += size) {
    yield line.slice(at, at + size);
    if (at % 2 === 0) await settled();
  }
  yield "\n";
}

describe("through a proxy, whatever is done to any of its four connections,", () => {
  const anyVerbs = fc.array(
    fc.record({
      who: fc.nat(3),
      verb: fc.constantFrom(
        "send",
        "send",
        "send",
        "settle",
        "pause",
        "resume",
        "closeWrite",
        "close",
        "destroy",
      ),
      size: fc.oneof(fc.nat(30), fc.nat(30_000)),
    }),
    { maxLength: 40, size: "max" },
  );

  test.each(["memory", "tcp"] as const)(
    "all close, and over %s the messages are a beginning of those sent",
    (wire) =>
      fc.assert(
        fc.asyncProperty(anyVerbs, fc.constantFrom(1, 10_000), async (verbs, maxSendBufferSize) => {
          const received: string[][] = [[], [], [], []];
          const options = (who: number) => ({
            codec: streamed(),
            maxSendBufferSize,
            onMessage: (_: unknown, line: string) => received[who]!.push(line),
          });
          const [client, inner] = await pair(wire, options(0), options(1));
          const [outer, server] = await pair(wire, options(2), options(3));
          inner.connection.pipe(outer.connection);
          outer.connection.pipe(inner.connection);
          const sides = [client, inner, outer, server];
          const sent: string[][] = [[], [], [], []];
          let count = 0;
          for (const { who, verb, size } of verbs) {
            const connection: Connection<string, string | AsyncIterable<unknown>> = sides[who]!
              .connection as never;
            if (verb === "settle") await settled();
            else if (verb === "pause") connection.pauseRecv();
            else if (verb === "resume") connection.resumeRecv();
            // What the proxy itself sends would come between.
            else if (verb === "send" && (who === 0 || who === 3)) {
              const line = `${count++} ${"x".repeat(size)}`;
              if (connection.send(line) !== "dropped") sent[who]!.push(line);
            } else if (verb === "closeWrite" || verb === "close" || verb === "destroy") connection[verb]();
          }
          for (const { connection } of sides) connection.resumeRecv();
          client.connection.closeWrite();
          server.connection.closeWrite();
          for (const { diary } of sides) await diary.until("close");
          expect(received[3]).toEqual(sent[0]!.slice(0, received[3]!.length));
          expect(received[0]).toEqual(sent[3]!.slice(0, received[0]!.length));
          expect([...received[1]!, ...received[2]!]).toEqual([]);
          for (const { connection } of [inner, outer]) expect(connection.dropped).toBe(0);
        }),
        { numRuns: wire === "memory" ? 60 : 20 },
      ),
  );
});
