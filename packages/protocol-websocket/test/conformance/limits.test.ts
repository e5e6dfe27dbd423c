import { binary, close, more, open, ping, text } from "../frames.ts";
import { describeMessage } from "../observe.ts";
import { type Case, conform, SERVER_ENDS } from "./suite.ts";

const tooLong = ["sends close 1002", "fails WS_LENGTH"];
const tooLarge = ["sends close 1009", "fails WS_TOO_LARGE"];
const MiB = 1024 * 1024;

conform("lengths, RFC 6455 5.2: no more bytes than it takes", [
  { rule: "0 in 16 bits", peer: [text("", { lengthBytes: 2 })], lines: tooLong },
  { rule: "125 in 16 bits", peer: [text("x".repeat(125), { lengthBytes: 2 })], lines: tooLong },
  { rule: "0 in 64 bits", peer: [text("", { lengthBytes: 8 })], lines: tooLong },
  { rule: "125 in 64 bits", peer: [text("x".repeat(125), { lengthBytes: 8 })], lines: tooLong },
  { rule: "65535 in 64 bits", peer: [text("x".repeat(65535), { lengthBytes: 8 })], lines: tooLong },
  {
    rule: "126 of a ping in 16 bits",
    peer: [ping("x".repeat(126))],
    lines: ["sends close 1002", "fails WS_CONTROL"],
  },
  { rule: "the highest of 64 bits is set", peer: [text("", { length: 2n ** 63n })], lines: tooLong },
  { rule: "all of 64 bits are set", peer: [text("", { length: 2n ** 64n - 1n })], lines: tooLong },
  { rule: "2 to the 63rd, less one", peer: [text("", { length: 2n ** 63n - 1n })], lines: tooLarge },
  { rule: "2 to the 53rd", peer: [text("", { length: 2n ** 53n })], lines: tooLarge },
  { rule: "2 to the 32nd", peer: [text("", { length: 2n ** 32n })], lines: tooLarge },
]);

const terms = { maxMessageSize: 10 };

conform("sizes, RFC 6455 7.4.1 on 1009", [
  { rule: "one less than the limit", terms, peer: [text("123456789")], lines: ["text 123456789"] },
  { rule: "the limit", terms, peer: [text("1234567890")], lines: ["text 1234567890"] },
  { rule: "one more", terms, peer: [text("12345678901")], lines: tooLarge },
  {
    rule: "refused by its header, before the payload",
    terms,
    peer: [Buffer.from("828b01020304", "hex")],
    lines: tooLarge,
    role: "server",
  },
  {
    rule: "fragments count together: the limit",
    terms,
    peer: [text("12345", open), more("67890")],
    lines: ["text 1234567890"],
  },
  {
    rule: "fragments count together: one more",
    terms,
    peer: [text("12345", open), more("678901")],
    lines: tooLarge,
  },
  {
    rule: "also behind an empty first fragment",
    terms,
    peer: [text("", open), more("12345678901")],
    lines: tooLarge,
  },
  {
    rule: "each message counts for itself",
    terms,
    peer: [text("12345", open), more("67890"), text("1234567890")],
    lines: ["text 1234567890", "text 1234567890"],
  },
  {
    rule: "controls have their own limit",
    terms,
    peer: [ping("p".repeat(50)), close(1000, "r".repeat(50))],
    lines: [
      `sends pong ${"p".repeat(50)}`,
      `note ping ${"p".repeat(50)}`,
      "sends close 1000",
      `note close 1000 ${"r".repeat(50)}`,
      SERVER_ENDS,
    ],
  },
  {
    rule: "16 MiB by default",
    peer: [binary(Buffer.alloc(16 * MiB))],
    lines: [describeMessage(Buffer.alloc(16 * MiB))],
  },
  { rule: "and no byte more", peer: [binary(Buffer.alloc(16 * MiB + 1))], lines: tooLarge },
  {
    rule: "a limit of no bytes lets empty messages through",
    terms: { maxMessageSize: 0 },
    peer: [text(""), text("a")],
    lines: ["text ", ...tooLarge],
  },
]);

const few = { maxFragments: 3 };

conform("fragments", [
  {
    rule: "as many as the limit",
    terms: few,
    peer: [text("a", open), more("b", open), more("c")],
    lines: ["text abc"],
  },
  {
    rule: "one more is too many",
    terms: few,
    peer: [text("a", open), more("b", open), more("c", open), more("d")],
    lines: ["sends close 1008", "fails WS_TOO_MANY_FRAGMENTS"],
  },
  {
    rule: "empty ones count",
    terms: few,
    peer: [text("", open), more("", open), more("", open), more("")],
    lines: ["sends close 1008", "fails WS_TOO_MANY_FRAGMENTS"],
  },
  ...[1, 4].map((size): Case => {
    const payload = Buffer.alloc(size * MiB, "*");
    return {
      rule: `${size} MiB in one frame`,
      peer: [text(payload)],
      lines: [describeMessage(payload.toString())],
    };
  }),
]);
