import { promisify } from "node:util";
import { constants, createDeflateRaw, deflateRawSync } from "node:zlib";
import { binary, close, type Frame, more, open, ping, text } from "../frames.ts";
import { describeMessage } from "../observe.ts";
import { type Case, conform, SERVER_ENDS } from "./suite.ts";

const terms = { deflate: {} };
const takingOver = { deflate: { sendTakeover: true, receiveTakeover: true } };
const rsv1 = { rsv: 4 };
const HELLO = hex("f248cdc9c90700");

conform("the examples of RFC 7692 7.2.3", [
  { rule: "7.2.3.1 one compressed block", terms, peer: [text(HELLO, rsv1)], lines: ["text Hello"] },
  {
    rule: "7.2.3.1 in fragments",
    terms,
    peer: [text(hex("f248cd"), { ...rsv1, ...open }), more(hex("c9c90700"))],
    lines: ["text Hello"],
  },
  {
    rule: "7.2.3.2 the same again, without a window",
    terms,
    peer: [text(HELLO, rsv1), text(HELLO, rsv1)],
    lines: ["text Hello", "text Hello"],
  },
  {
    rule: "7.2.3.2 the same again, with the window of the first",
    terms: takingOver,
    peer: [text(HELLO, rsv1), text(hex("f200110000"), rsv1)],
    lines: ["text Hello", "text Hello"],
  },
  {
    rule: "7.2.3.3 a block without compression",
    terms,
    peer: [text(hex("000500faff48656c6c6f00"), rsv1)],
    lines: ["text Hello"],
  },
  {
    rule: "7.2.3.4 a final block",
    terms,
    peer: [text(hex("f348cdc9c9070000"), rsv1)],
    lines: ["text Hello"],
  },
  {
    rule: "7.2.3.4 a final block, and a window that goes on",
    terms: takingOver,
    peer: [text(hex("f348cdc9c9070000"), rsv1), text(hex("f200110000"), rsv1)],
    lines: ["text Hello", "text Hello"],
  },
  {
    rule: "7.2.3.5 two blocks",
    terms,
    peer: [text(hex("f24805000000ffffcac9c90700"), rsv1)],
    lines: ["text Hello"],
  },
  {
    rule: "7.2.3.6 an empty message",
    terms,
    peer: [text(hex("00"), rsv1), binary(hex("00"), rsv1)],
    lines: ["text ", "binary "],
  },
]);

const large = "0123456789".repeat(1000);

conform("compressed messages, RFC 7692 7.2.2", [
  {
    rule: "each message is compressed or not, as it says",
    terms,
    peer: [text("plain"), text(deflated("small"), rsv1), binary("plain"), binary(deflated("small"), rsv1)],
    lines: ["text plain", "text small", `binary ${hexOf("plain")}`, `binary ${hexOf("small")}`],
  },
  {
    rule: "plain messages do not count for the window",
    terms: takingOver,
    peer: [text(HELLO, rsv1), text("something else"), text(hex("f200110000"), rsv1)],
    lines: ["text Hello", "text something else", "text Hello"],
  },
  {
    rule: "controls between compressed fragments",
    terms,
    peer: [text(HELLO.subarray(0, 2), { ...rsv1, ...open }), ping("p"), more(HELLO.subarray(2))],
    lines: ["sends pong p", "note ping p", "text Hello"],
  },
  {
    rule: "in fragments of a byte, the last one empty",
    terms,
    peer: scattered(deflated(large)),
    lines: [describeMessage(large)],
  },
  {
    rule: "an empty payload inflates to an empty message",
    terms,
    peer: [text("", rsv1)],
    lines: ["text "],
  },
  {
    rule: "text is checked when it is inflated, 8.1",
    terms,
    peer: [text(deflated(Buffer.of(0xff)), rsv1)],
    lines: ["sends close 1007", "fails WS_UTF8"],
  },
  {
    rule: "what is not deflated",
    terms,
    peer: [text(hex("ffffffff"), rsv1)],
    lines: ["sends close 1007", "fails WS_DEFLATE"],
  },
  {
    rule: "a reference further back than there is text",
    terms,
    peer: [text(HELLO, rsv1), text(hex("f200110000"), rsv1)],
    lines: ["text Hello", "sends close 1007", "fails WS_DEFLATE"],
  },
  {
    rule: "a few final blocks",
    terms,
    peer: [binary(Buffer.concat([hex("0300"), hex("0300"), hex("0300"), hex("00")]), rsv1)],
    lines: ["binary "],
  },
  {
    rule: "very many",
    terms,
    peer: [binary(hex("0300".repeat(1000)), rsv1)],
    lines: ["sends close 1007", "fails WS_DEFLATE"],
  },
  {
    rule: "a Close goes uncompressed",
    terms,
    peer: [text(HELLO, rsv1), close(1000)],
    lines: ["text Hello", "sends close 1000", "note close 1000", SERVER_ENDS],
  },
]);

const limited = { deflate: {}, maxMessageSize: 10_000 };
const tooLarge = ["sends close 1009", "fails WS_TOO_LARGE"];

conform("limits before and after inflating", [
  { rule: "the limit", terms: limited, peer: [text(deflated(large), rsv1)], lines: [describeMessage(large)] },
  { rule: "one more", terms: limited, peer: [text(deflated(`${large}!`), rsv1)], lines: tooLarge },
  {
    rule: "before it is inflated",
    terms: limited,
    peer: [text(Buffer.alloc(10_001), rsv1)],
    lines: tooLarge,
  },
  {
    rule: "a thousand times as large",
    terms: limited,
    peer: [text(deflated("0".repeat(10_000_000)), rsv1)],
    lines: tooLarge,
  },
  {
    rule: "behind a final block",
    terms: limited,
    peer: [text(Buffer.concat([hex("f348cdc9c90700"), deflated("0".repeat(10_000))]), rsv1)],
    lines: tooLarge,
  },
  {
    rule: "one byte more, behind a final block that takes all of it",
    terms: { deflate: {}, maxMessageSize: 20 },
    peer: [text(Buffer.concat([deflateRawSync("a".repeat(20)), deflated("b")]), rsv1)],
    lines: tooLarge,
  },
  {
    rule: "no byte at all",
    terms: { deflate: {}, maxMessageSize: 0 },
    peer: [text("", rsv1), text(deflated("a"), rsv1)],
    lines: ["text ", ...tooLarge],
  },
]);

// Every window there is, taken over and not; the peer compresses as a stream does, in one context.
const windows = [8, 9, 10, 11, 12, 13, 14, 15];
const messages = Array.from(
  { length: 8 },
  (_, i) => `${"message ".repeat(i * 40)}${i} of many that are alike`,
);
const streams = await Promise.all(windows.map((bits) => streamed(messages, bits)));

conform("what the peer may refer to", [
  ...windows.map(
    (bits, at): Case => ({
      rule: `a window of ${bits} bits that goes on`,
      terms: { deflate: { receiveTakeover: true, receiveWindowBits: bits } },
      peer: streams[at]!.map((payload) => text(payload, rsv1)),
      lines: messages.map(describeMessage),
    }),
  ),
  ...windows.map(
    (bits): Case => ({
      rule: `a window of ${bits} bits that begins anew`,
      terms: { deflate: { receiveTakeover: false, receiveWindowBits: bits } },
      peer: messages.map((message) => text(deflated(message, bits), rsv1)),
      lines: messages.map(describeMessage),
    }),
  ),
]);

function hex(bytes: string): Buffer {
  return Buffer.from(bytes, "hex");
}

function hexOf(text: string): string {
  return Buffer.from(text).toString("hex");
}

function deflated(payload: string | Buffer, windowBits = 15): Buffer {
  const options = { finishFlush: constants.Z_SYNC_FLUSH, windowBits: Math.max(9, windowBits) };
  return deflateRawSync(payload, options).subarray(0, -4);
}

/** The messages compressed in one context, as peers with a stream of zlib's do. */
async function streamed(texts: readonly string[], windowBits: number): Promise<Buffer[]> {
  const deflate = createDeflateRaw({ windowBits: Math.max(9, windowBits) });
  const flush = promisify((done: () => void) => deflate.flush(constants.Z_SYNC_FLUSH, done));
  const payloads: Buffer[] = [];
  for (const one of texts) {
    deflate.write(one);
    await flush();
    payloads.push((deflate.read() as Buffer).subarray(0, -4));
  }
  deflate.close();
  return payloads;
}

function scattered(bytes: Buffer): Frame[] {
  const pieces = [...Array.from(bytes, (byte) => Buffer.of(byte)), Buffer.alloc(0)];
  return pieces.map((piece, at) =>
    at === 0 ? text(piece, { ...rsv1, ...open }) : more(piece, { fin: at === pieces.length - 1 }),
  );
}
