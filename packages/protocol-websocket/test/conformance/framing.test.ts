import { binary, text } from "../frames.ts";
import { describeMessage } from "../observe.ts";
import { conform } from "./suite.ts";

const SIZES = [0, 1, 125, 126, 127, 128, 65535, 65536];

conform("framing, RFC 6455 5.2", [
  ...SIZES.map((size) => ({
    rule: `a text of ${size} bytes is delivered`,
    peer: [text("*".repeat(size))],
    lines: [describeMessage("*".repeat(size))],
  })),
  ...SIZES.map((size) => ({
    rule: `${size} binary bytes are delivered`,
    peer: [binary(Buffer.alloc(size, 0xfe))],
    lines: [describeMessage(Buffer.alloc(size, 0xfe))],
  })),
  {
    rule: "messages come in order, and keep their kinds",
    peer: [text("a"), binary("b"), text(), binary(), text("c")],
    lines: ["text a", "binary 62", "text ", "binary ", "text c"],
  },
]);
