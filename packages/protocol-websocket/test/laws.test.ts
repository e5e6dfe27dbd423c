import type { CodecFactory } from "@sock/codec";
import { type CodecSpec, codecLaws } from "@sock/codec-testkit";
import fc from "fast-check";
import { describe, test } from "vitest";
import { type RandomSource, type WebSocketMessageOut, websocket, websocketClient } from "../src/index.ts";
import * as frames from "./frames.ts";

/** Random bytes that begin anew with each connection. */
function seeded(): RandomSource {
  let state = 1;
  return (size) =>
    Uint8Array.from({ length: size }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state >>> 24;
    });
}

type ClientOptions = Omit<Parameters<typeof websocketClient>[0], "url" | "random">;
type Factory = CodecFactory<string | Uint8Array, WebSocketMessageOut>;

const client =
  (options: ClientOptions = {}): Factory =>
  (link) =>
    websocketClient({ ...options, url: "ws://localhost/", random: seeded() })(link as never);
const server = websocket as (options?: Parameters<typeof websocket>[0]) => Factory;

const word = fc.oneof(
  fc.string({ maxLength: 8, unit: "binary" }),
  fc.constantFrom("", "é", "日本", "😀", "a".repeat(126)),
);
const message = fc.oneof(word, fc.uint8Array({ maxLength: 8 }), fc.constant(Buffer.alloc(200, 0xaa)));

/** What has broken others, as a client or a server would send it. */
const attacks = (isFromClient: boolean) =>
  fc
    .array(
      fc.constantFrom(
        frames.text("he", frames.open),
        frames.more("llo"),
        frames.more("", frames.open),
        frames.ping("p"),
        frames.pong(),
        frames.ping("", frames.open),
        frames.ping("p".repeat(126)),
        frames.close(),
        frames.close(1000, "bye"),
        frames.close(1005),
        { opcode: 8, payload: "x" },
        frames.text(Buffer.of(0xe2, 0x82)),
        frames.text("x", { rsv: 4 }),
        frames.text("x", { isWronglyMasked: true }),
        frames.text("x", { lengthBytes: 8 }),
        frames.binary("", { length: 2n ** 63n }),
        frames.binary("", { length: 2n ** 40n }),
        { opcode: 3 },
      ),
      { maxLength: 6 },
    )
    .map((sequence) => frames.bytesOf(sequence, isFromClient));

type Spec = CodecSpec<string | Uint8Array, WebSocketMessageOut>;

/** Fewer cases for what differs little. */
const runs = 15;

const pairs: [name: string, spec: Spec][] = [
  ["server", { codec: server(), peer: client(), message, noise: attacks(true) }],
  ["client", { codec: client(), peer: server(), message, noise: attacks(false) }],
  [
    "server with small limits",
    {
      codec: server({ maxMessageSize: 1024, maxFragments: 16 }),
      peer: client(),
      message,
      noise: attacks(true),
      runs,
    },
  ],
  [
    "server that deflates",
    {
      codec: server({ deflate: { threshold: 0 } }),
      peer: client({ deflate: { threshold: 0 } }),
      message,
      runs,
    },
  ],
  [
    "client that deflates",
    {
      codec: client({ deflate: { threshold: 0 } }),
      peer: server({ deflate: { threshold: 0 } }),
      message,
      runs,
    },
  ],
  ["server that takes over", { codec: server(takingOver(8)), peer: client(takingOver(15)), message, runs }],
  ["client that takes over", { codec: client(takingOver(15)), peer: server(takingOver(9)), message, runs }],
];

function takingOver(sendWindowBits: number): ClientOptions {
  return { deflate: { threshold: 0, sendTakeover: true, receiveTakeover: true, sendWindowBits } };
}

for (const [name, spec] of pairs) {
  describe(name, () => {
    for (const law of codecLaws(spec)) test.skipIf(law.skipped)(law.name, law.run);
  });
}
