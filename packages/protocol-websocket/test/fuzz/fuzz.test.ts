import { type CodecFactory, type Farewell, ProtocolError } from "@sock/codec";
import { describe, expect, test } from "vitest";
import { Chance, mutated } from "../../../protocol-http/test/fuzz/mutate.ts";
import {
  ping,
  type WebSocketMessage,
  type WebSocketMessageOut,
  websocket,
  websocketClient,
} from "../../src/index.ts";
import { readFrames } from "../frames.ts";
import { End, KEY, request, response } from "../handshakes.ts";
import { framesFor } from "../observe.ts";
import { framesCorpus, requestCorpus, responseCorpus, tokens } from "./corpus.ts";

// Whatever comes, in whatever pieces: messages, replies, notes or a ProtocolError, and the same for the same bytes.
// Longer: SOCK_FUZZ_SECONDS=600. The same again: SOCK_FUZZ_SEED=… as a failure tells it.

const seconds = Number(process.env.SOCK_FUZZ_SECONDS ?? 3);
const given = process.env.SOCK_FUZZ_SEED;

interface Target {
  name: string;
  codec: CodecFactory<WebSocketMessage, WebSocketMessageOut, unknown>;
  corpus: readonly Buffer[];
  /** What it is given before the mutated stream. */
  before?: string;
}

/** Most that can go wrong stands near the beginning of a frame, and those are short. */
const reaches = [16, 100, 100_000];

const maxMessageSize = 100_000;
const deflate = { threshold: 0, sendTakeover: true, receiveTakeover: true, sendWindowBits: 9 };
const random = (size: number) => (size === 16 ? Buffer.from(KEY, "base64") : Buffer.from("37fa213d", "hex"));
const serverOptions = { maxMessageSize, protocols: ["chat"], deflate };
const clientOptions = { url: "ws://example.com/", maxMessageSize, protocols: ["chat"], deflate, random };

const targets: Target[] = [
  { name: "requests", codec: websocket(serverOptions), corpus: requestCorpus },
  { name: "answers", codec: websocketClient(clientOptions), corpus: responseCorpus },
  {
    name: "frames of a client",
    codec: websocket({ maxMessageSize }),
    corpus: framesCorpus(true),
    before: request(),
  },
  {
    name: "frames of a server",
    codec: websocketClient({ ...clientOptions, deflate: false }),
    corpus: framesCorpus(false),
    before: response(),
  },
  {
    name: "compressed frames of a client",
    codec: framesFor("server", { maxMessageSize, deflate: {} }),
    corpus: framesCorpus(true),
  },
  {
    name: "with windows",
    codec: framesFor("server", { maxMessageSize, deflate }),
    corpus: framesCorpus(true),
  },
  {
    name: "compressed frames of a server",
    codec: framesFor("client", { maxMessageSize, deflate: {}, maxFragments: 4 }, () => 1),
    corpus: framesCorpus(false),
  },
];

const farewells: Farewell[] = [{ why: "close" }, { why: "drain" }, { why: "deadline", phase: "idle" }];

describe.each(targets)("$name", (target) => {
  test("nothing comes of it but what may", { timeout: (seconds + 60) * 1000 }, () => {
    const deadline = performance.now() + (seconds * 1000) / targets.length;
    let seed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);
    do {
      expect(() => tryOne(target, seed), `SOCK_FUZZ_SEED=${seed}`).not.toThrow();
      seed++;
    } while (given === undefined && performance.now() < deadline);
  });
});

function tryOne(target: Target, seed: number): void {
  const chance = new Chance(seed);
  const stream = mutated({ corpus: target.corpus, tokens, reaches }, chance);
  const whole = run(target, [stream]);
  const size = 1 + chance.below(chance.oneOf([1, 10, 1000]));
  expect(run(target, chunksOf(stream, size)), `in pieces of ${size}: ${stream.toString("hex")}`).toEqual(
    whole,
  );
  run(target, chunksOf(stream, size), chance);
}

/** What comes of a stream. With `chance`, our side sends, closes or hears of the end meanwhile. */
function run(target: Target, chunks: Buffer[], chance?: Chance): unknown {
  const end = new End(target.codec);
  if (target.before !== undefined) end.receive(target.before);
  const handshake = end.sent.length;
  for (const chunk of chunks) {
    end.receive(chunk);
    if (chance?.below(10) === 0) interfere(end, chance);
    expect(end.framed.codec.retained ?? 0).toBeLessThan(2 * maxMessageSize + 70_000);
  }
  end.framed.finish();
  if (end.error !== undefined && !ProtocolError.is(end.error)) throw end.error;
  const answers = end.sent.subarray(handshake);
  // Frames that end where they should, but for those behind a handshake's answer.
  if (!answers.toString("latin1", 0, 5).match(/^(HTTP\/|GET )/)) readFrames(answers);
  end.framed.closed();
  return {
    messages: end.messages,
    notes: end.notes,
    sent: end.sent.toString("hex"),
    code: end.code,
    isEnded: end.isEnded,
  };
}

function interfere(end: End<unknown>, chance: Chance): void {
  const isOpen = end.framed.codec.opening !== true && end.error === undefined;
  const message = chance.oneOf(["text", Buffer.from("bytes"), ping("p"), "x".repeat(300)]);
  if (chance.below(3) > 0) {
    if (isOpen) end.framed.send(message);
  } else if (end.error === undefined) {
    end.framed.farewell(chance.oneOf(farewells));
  }
}

function chunksOf(stream: Buffer, size: number): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < stream.length; at += size) chunks.push(stream.subarray(at, at + size));
  return chunks;
}
