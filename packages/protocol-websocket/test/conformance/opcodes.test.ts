import { open, text } from "../frames.ts";
import { type Case, conform } from "./suite.ts";

const refused = ["sends close 1002", "fails WS_OPCODE"];
const reserved = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15];

conform("reserved opcodes, RFC 6455 5.2", [
  ...reserved.map(
    (opcode): Case => ({ rule: `opcode ${opcode}, empty`, peer: [{ opcode }], lines: refused }),
  ),
  ...reserved.map(
    (opcode): Case => ({
      rule: `opcode ${opcode} with a payload`,
      peer: [{ opcode, payload: "reserved" }],
      lines: refused,
    }),
  ),
  ...reserved.map(
    (opcode): Case => ({
      rule: `opcode ${opcode} after a message, before a ping`,
      peer: [text("hello"), { opcode }, { opcode: 9 }],
      lines: ["text hello", ...refused],
    }),
  ),
  { rule: "opcode 5 within a message", peer: [text("a", open), { opcode: 5 }], lines: refused },
]);
