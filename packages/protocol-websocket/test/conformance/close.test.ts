import { close, ping, text } from "../frames.ts";
import { type Case, conform, SERVER_ENDS } from "./suite.ts";

const VALID = [
  1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999,
];
const INVALID = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535];

conform("closing, RFC 6455 5.5.1 and 7", [
  {
    rule: "an empty Close is answered with one; its code is 1005",
    peer: [close()],
    lines: ["sends close", "note close 1005", SERVER_ENDS],
  },
  {
    rule: "a Close is answered with its code; the reason is noted",
    peer: [close(4001, "bye")],
    lines: ["sends close 4001", "note close 4001 bye", SERVER_ENDS],
  },
  {
    rule: "a reason of 123 bytes, the longest",
    peer: [close(1000, "r".repeat(123))],
    lines: ["sends close 1000", `note close 1000 ${"r".repeat(123)}`, SERVER_ENDS],
  },
  {
    rule: "one of 124 bytes makes the frame too long, 5.5",
    peer: [close(1000, "r".repeat(124))],
    lines: ["sends close 1002", "fails WS_CONTROL"],
  },
  {
    rule: "one byte is no code, 5.5.1",
    peer: [{ opcode: 8, payload: "a" }],
    lines: ["sends close 1002", "fails WS_CLOSE"],
  },
  {
    rule: "a reason that is not UTF-8, 5.5.1 and 8.1",
    peer: [close(1000, Buffer.from("cebae1bdb9cf83cebcceb5eda080656469746564", "hex"))],
    lines: ["sends close 1007", "fails WS_UTF8"],
  },
  {
    rule: "a reason that ends within a character",
    peer: [close(1000, Buffer.of(0xe2, 0x82))],
    lines: ["sends close 1007", "fails WS_UTF8"],
  },
  {
    rule: "a fragmented Close, 5.5",
    peer: [close(1000, "", { fin: false })],
    lines: ["sends close 1002", "fails WS_CONTROL"],
  },
  {
    rule: "what follows a Close is not looked at: messages, pings, another Close, garbage",
    peer: [text("a"), close(1000), text("b"), ping("c"), close(1001), Buffer.from("ffffffff", "hex")],
    lines: ["text a", "sends close 1000", "note close 1000", SERVER_ENDS],
  },
  ...VALID.map(
    (code): Case => ({
      rule: `${code} is a code to close with, 7.4`,
      peer: [close(code, "why")],
      lines: [`sends close ${code}`, `note close ${code} why`, SERVER_ENDS],
    }),
  ),
  ...INVALID.map(
    (code): Case => ({
      rule: `${code} is none, 7.4`,
      peer: [close(code, "why")],
      lines: ["sends close 1002", "fails WS_CLOSE_CODE"],
    }),
  ),
  ...INVALID.map(
    (code): Case => ({
      rule: `${code} is none without a reason either, 7.4`,
      peer: [close(code)],
      lines: ["sends close 1002", "fails WS_CLOSE_CODE"],
    }),
  ),
]);
