import { close, type Frame, more, open, text } from "../frames.ts";
import { type Case, conform, SERVER_ENDS } from "./suite.ts";

const refused = ["sends close 1007", "fails WS_UTF8"];

// Markus Kuhn's decoder stress test, by its sections. `bytes` in hex.
type Row = readonly [what: string, bytes: string];

const VALID: readonly Row[] = [
  ["1 a Greek word", "cebae1bdb9cf83cebcceb5"],
  ["2.1 the first character of 1 byte", "00"],
  ["2.1 the first of 2", "c280"],
  ["2.1 the first of 3", "e0a080"],
  ["2.1 the first of 4", "f0908080"],
  ["2.2 the last of 1", "7f"],
  ["2.2 the last of 2", "dfbf"],
  ["2.2 the last of 3", "efbfbf"],
  ["2.2 the last of 4", "f48fbfbf"],
  ["2.3 the last before the surrogates", "ed9fbf"],
  ["2.3 the first behind them", "ee8080"],
  ["2.3 the replacement character itself", "efbfbd"],
  ["5.3 U+FFFE is a character to be carried", "efbfbe"],
  ["5.3 the noncharacters", "f09fbfbef09fbfbff0afbfbef3bfbfbff48fbfbe"],
  ["5.3 U+FDD0 to U+FDEF", "efb790efb7af"],
  ["a byte order mark", "efbbbf61"],
];

const INVALID: readonly Row[] = [
  ["2.1 the first of 5 bytes", "f888808080"],
  ["2.1 the first of 6", "fc8480808080"],
  ["2.2 the last of 4 bytes, above U+10FFFF", "f7bfbfbf"],
  ["2.2 the last of 5", "fbbfbfbfbf"],
  ["2.2 the last of 6", "fdbfbfbfbfbf"],
  ["2.3 the first above U+10FFFF", "f4908080"],
  ["3.1.1 the first continuation byte", "80"],
  ["3.1.2 the last", "bf"],
  ["3.1.3 two of them", "80bf"],
  ["3.1.4 three", "80bf80"],
  ["3.1.5 four", "80bf80bf"],
  ["3.1.6 five", "80bf80bf80"],
  ["3.1.7 six", "80bf80bf80bf"],
  ["3.1.8 seven", "80bf80bf80bf80"],
  ["3.1.9 all of them", range(0x80, 0xbf)],
  ["3.2.1 the starts of 2 bytes, each with a space", range(0xc0, 0xdf, "20")],
  ["3.2.2 the starts of 3", range(0xe0, 0xef, "20")],
  ["3.2.3 the starts of 4", range(0xf0, 0xf7, "20")],
  ["3.2.4 the starts of 5", range(0xf8, 0xfb, "20")],
  ["3.2.5 the starts of 6", range(0xfc, 0xfd, "20")],
  ["3.3.1 the last byte missing, of 2", "c0"],
  ["3.3.2 of 3", "e080"],
  ["3.3.3 of 4", "f08080"],
  ["3.3.4 of 5", "f8808080"],
  ["3.3.5 of 6", "fc80808080"],
  ["3.3.6 of 2, the highest", "df"],
  ["3.3.7 of 3", "efbf"],
  ["3.3.8 of 4", "f7bfbf"],
  ["3.3.9 of 5", "fbbfbfbf"],
  ["3.3.10 of 6", "fdbfbfbfbf"],
  ["3.4 all of these together", "c0e080f08080f8808080fc80808080dfefbff7bfbffbbfbfbffdbfbfbfbf"],
  ["3.5.1 a byte of no use", "fe"],
  ["3.5.2 another", "ff"],
  ["3.5.3 both", "fefeffff"],
  ["4.1.1 a slash in 2 bytes", "c0af"],
  ["4.1.2 in 3", "e080af"],
  ["4.1.3 in 4", "f08080af"],
  ["4.1.4 in 5", "f8808080af"],
  ["4.1.5 in 6", "fc80808080af"],
  ["4.2.1 the highest that is too long, of 2 bytes", "c1bf"],
  ["4.2.2 of 3", "e09fbf"],
  ["4.2.3 of 4", "f08fbfbf"],
  ["4.2.4 of 5", "f887bfbfbf"],
  ["4.2.5 of 6", "fc83bfbfbfbf"],
  ["4.3.1 NUL in 2 bytes", "c080"],
  ["4.3.2 in 3", "e08080"],
  ["4.3.3 in 4", "f0808080"],
  ["4.3.4 in 5", "f880808080"],
  ["4.3.5 in 6", "fc8080808080"],
  ["5.1.1 a surrogate: D800", "eda080"],
  ["5.1.2 DB7F", "edadbf"],
  ["5.1.3 DB80", "edae80"],
  ["5.1.4 DBFF", "edafbf"],
  ["5.1.5 DC00", "edb080"],
  ["5.1.6 DF80", "edbe80"],
  ["5.1.7 DFFF", "edbfbf"],
  ["5.2.1 a pair of them: D800 DC00", "eda080edb080"],
  ["5.2.2 D800 DFFF", "eda080edbfbf"],
  ["5.2.3 DB7F DC00", "edadbfedb080"],
  ["5.2.4 DB7F DFFF", "edadbfedbfbf"],
  ["5.2.5 DB80 DC00", "edae80edb080"],
  ["5.2.6 DB80 DFFF", "edae80edbfbf"],
  ["5.2.7 DBFF DC00", "edafbfedb080"],
  ["5.2.8 DBFF DFFF", "edafbfedbfbf"],
  ["a surrogate in a word", "cebae1bdb9cf83cebcceb5eda080656469746564"],
  ["a replacement character before what is wrong", "efbfbdff"],
  ["wrong in the middle of 200 right ones", `${"61".repeat(100)}ff${"61".repeat(100)}`],
];

conform("text that is UTF-8, RFC 6455 8.1", [
  ...VALID.map(
    ([what, bytes]): Case => ({ rule: what, peer: [text(hex(bytes))], lines: [`text ${hex(bytes)}`] }),
  ),
  ...VALID.map(
    ([what, bytes]): Case => ({
      rule: `${what}, each byte a fragment`,
      peer: scattered(hex(bytes)),
      lines: [`text ${hex(bytes)}`],
    }),
  ),
]);

conform("text that is not, RFC 6455 8.1", [
  ...INVALID.map(([what, bytes]): Case => ({ rule: what, peer: [text(hex(bytes))], lines: refused })),
  ...INVALID.map(
    ([what, bytes]): Case => ({
      rule: `${what}, each byte a fragment`,
      peer: scattered(hex(bytes)),
      lines: refused,
    }),
  ),
  ...INVALID.map(
    ([what, bytes]): Case => ({
      rule: `${what}, between good fragments`,
      peer: [text("ä", open), more(hex(bytes), open), more("ä")],
      lines: refused,
    }),
  ),
]);

conform("text is refused with the fragment that breaks it, whether or not another follows", [
  {
    rule: "a wrong byte in the second fragment",
    peer: [text("a", open), more(Buffer.of(0xff), open)],
    lines: refused,
  },
  { rule: "a wrong byte in the first", peer: [text(Buffer.of(0xff), open)], lines: refused },
  { rule: "a surrogate that is not whole yet", peer: [text(Buffer.of(0xed, 0xa0), open)], lines: refused },
  {
    rule: "one that its two halves show",
    peer: [text(Buffer.of(0xed), open), more(Buffer.of(0xa0), open)],
    lines: refused,
  },
  { rule: "too large a character, not whole yet", peer: [text(Buffer.of(0xf4, 0x90), open)], lines: refused },
  { rule: "too long a form, not whole yet", peer: [text(Buffer.of(0xe0, 0x9f), open)], lines: refused },
  {
    rule: "too long a form of 4 bytes, not whole yet",
    peer: [text(Buffer.of(0xf0, 0x8f, 0xbf), open)],
    lines: refused,
  },
  {
    rule: "a character is whole at last",
    peer: [text(Buffer.of(0xf0, 0x9f), open), more(Buffer.of(0x98), open), more(Buffer.of(0x80))],
    lines: ["text 😀"],
  },
  {
    rule: "the last fragment ends within a character",
    peer: [text("a", open), more(Buffer.of(0xe2, 0x82))],
    lines: refused,
  },
  {
    rule: "an empty last fragment ends within a character",
    peer: [text(Buffer.of(0xe2, 0x82), open), more()],
    lines: refused,
  },
  {
    rule: "a ping within a character",
    peer: [text(Buffer.of(0xe2, 0x82), open), { opcode: 9 }, more(Buffer.of(0xac))],
    lines: ["sends pong", "note ping", "text €"],
  },
  {
    rule: "the reason of a Close is text of its own",
    peer: [text(Buffer.of(0xe2), open), close(1000, "ok")],
    lines: ["sends close 1000", "note close 1000 ok", SERVER_ENDS],
  },
]);

function hex(bytes: string): Buffer {
  return Buffer.from(bytes, "hex");
}

function range(from: number, to: number, between = ""): string {
  return Array.from({ length: to - from + 1 }, (_, i) => (from + i).toString(16) + between).join("");
}

/** Each byte in a fragment of its own. */
function scattered(bytes: Buffer): Frame[] {
  const pieces = Array.from(bytes, (byte) => Buffer.of(byte));
  return pieces.map((piece, at) => (at === 0 ? text : more)(piece, { fin: at === pieces.length - 1 }));
}
