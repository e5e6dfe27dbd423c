import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { toBuffer } from "@sock/codec";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as ws from "ws";
import { cut } from "../conformance/suite.ts";
import { binary, bytesOf, close, type Frame, more, open, ping, pong, text } from "../frames.ts";
import { describeMessage, Observed, type Role } from "../observe.ts";

// The same stream, right or wrong, given to our codec and to the receiver of `ws`: the same must come of it.

/** Of `ws`, exported but not typed. */
const { Receiver, Sender } = ws as unknown as {
  Receiver: new (options: { isServer: boolean; maxPayload: number }) => Writable;
  Sender: { frame(data: Buffer, options: object): Buffer[] };
};

const MAX = 1000;

const words = fc.string({ unit: "binary", maxLength: 20 });
const bytes = fc.uint8Array({ maxLength: 20 });
const long = fc.constantFrom(125, 126, 127, 500, MAX).map((size) => Buffer.alloc(size, "x"));
const payload = fc.oneof({ weight: 4, arbitrary: bytes }, { weight: 1, arbitrary: long });
const control = fc.oneof(
  bytes.map((data) => ping(data)),
  bytes.map((data) => pong(data)),
);

/** A message in fragments, with controls between them. */
const fragmented = fc
  .record({
    first: fc.constantFrom(text, binary),
    pieces: fc.array(
      words.map((word) => Buffer.from(word)),
      { minLength: 2, maxLength: 5 },
    ),
    between: fc.option(control, { nil: undefined }),
  })
  .map(({ first, pieces, between }) =>
    pieces.flatMap((piece, at): Frame[] => {
      const frame = (at === 0 ? first : more)(piece, { fin: at === pieces.length - 1 });
      return between && frame.fin === false ? [frame, between] : [frame];
    }),
  );

const good: fc.Arbitrary<Frame[]> = fc.oneof(
  words.map((word): Frame[] => [text(word)]),
  payload.map((data): Frame[] => [binary(data)]),
  control.map((frame): Frame[] => [frame]),
  fragmented,
);

// What `ws` judges as we do. It takes lengths in more bytes than they need, and looks at a text when all of it is there.
const bad = fc.oneof(
  payload.map((data) => [text(data)]),
  payload.map((data) => [more(data)]),
  fc
    .tuple(fc.constantFrom(text, binary), fc.constantFrom(text, binary))
    .map(([one, other]) => [one("a", open), other("b")]),
  fc
    .record({ first: fc.constantFrom(text, binary, more, ping), rsv: fc.integer({ min: 1, max: 7 }) })
    .map(({ first, rsv }) => [first("a", { rsv })]),
  fc.constantFrom(3, 4, 5, 6, 7, 11, 12, 13, 14, 15).map((opcode) => [{ opcode, payload: "x" }]),
  fc.constantFrom(text, binary, ping, pong).map((kind) => [kind("a", { isWronglyMasked: true })]),
  fc.constantFrom(ping, pong).map((kind) => [kind("a", open)]),
  fc.constantFrom(ping, pong).map((kind) => [kind(Buffer.alloc(126))]),
  fc.constantFrom(MAX + 1, 70_000, 2 ** 40).map((length) => [binary("", { length })]),
  fc.constant([binary(Buffer.alloc(600), open), more(Buffer.alloc(600))]),
  fc.constant([{ opcode: 8, payload: "x" }]),
  fc.constant([close(1000, Buffer.of(0xff))]),
  fc.integer({ min: 0, max: 5100 }).map((code) => [close(code, "bye")]),
  fc.constant([close()]),
) as fc.Arbitrary<Frame[]>;

const streams = fc.record({
  frames: fc.array(fc.oneof({ weight: 5, arbitrary: good }, { weight: 1, arbitrary: bad }), { maxLength: 8 }),
  size: fc.integer({ min: 1, max: 100 }),
});

describe.each(["server", "client"] as const)("as %s", (role) => {
  test("the same messages, pings, pongs, Closes and errors, in the same order", async () => {
    await fc.assert(
      fc.asyncProperty(streams, async ({ frames, size }) => {
        const stream = bytesOf(frames.flat(), role === "server");
        expect(ours(role, cut(stream, size))).toEqual(await theirs(role, cut(stream, size)));
      }),
      { numRuns: 2000 },
    );
  });
});

test("the same frames of the same messages", () => {
  const { codec } = new Observed("server").framed;
  fc.assert(
    fc.property(fc.oneof(words, payload, fc.constant(Buffer.alloc(70_000))), (message) => {
      const isText = typeof message === "string";
      const options = { fin: true, rsv1: false, opcode: isText ? 1 : 2, mask: false, readOnly: true };
      const frame = Buffer.concat(Sender.frame(Buffer.from(message as Uint8Array), options));
      expect(toBuffer(codec.encode(message) as Uint8Array).equals(frame)).toBe(true);
    }),
  );
});

function ours(role: Role, chunks: Buffer[]): string[] {
  const lines: string[] = [];
  let closing = "";
  for (const line of new Observed(role, { maxMessageSize: MAX }).receive(...chunks).lines) {
    if (line.startsWith("sends close")) closing = line.slice("sends close ".length);
    else if (line.startsWith("fails")) lines.push(`fails ${closing}`);
    else if (!line.startsWith("sends") && line !== "ends") lines.push(line);
  }
  return lines;
}

async function theirs(role: Role, chunks: Buffer[]): Promise<string[]> {
  const lines: string[] = [];
  const receiver = new Receiver({ isServer: role === "server", maxPayload: MAX });
  receiver.on("message", (data: Buffer, isBinary: boolean) =>
    lines.push(describeMessage(isBinary ? data : data.toString())),
  );
  receiver.on("ping", (data: Buffer) => lines.push(`note ping ${data}`.trimEnd()));
  receiver.on("pong", (data: Buffer) => lines.push(`note pong ${data}`.trimEnd()));
  receiver.on("conclude", (code: number, reason: Buffer) =>
    lines.push(`note close ${code} ${reason}`.trimEnd()),
  );
  receiver.on("error", (error) => lines.push(`fails ${statusOf(error)}`));
  for (const chunk of chunks) {
    // It ends itself with a Close, and is destroyed by an error.
    if (receiver.writableEnded || receiver.destroyed) break;
    receiver.write(chunk);
  }
  if (!receiver.writableEnded) receiver.end();
  // Its errors are among the lines.
  await finished(receiver).catch(() => {});
  return lines;
}

/** The code that `ws` closes with is under a symbol of its own. */
function statusOf(error: Error): unknown {
  const symbol = Object.getOwnPropertySymbols(error).find(({ description }) => description === "status-code");
  if (symbol === undefined) throw error;
  return (error as Error & Record<symbol, unknown>)[symbol];
}
