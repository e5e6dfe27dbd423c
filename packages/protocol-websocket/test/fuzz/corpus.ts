import { constants, deflateRawSync } from "node:zlib";
import { binary, bytesOf, close, type Frame, more, open, ping, pong, text } from "../frames.ts";
import { KEY, request, response } from "../handshakes.ts";

// Streams that are right, or nearly: what mutations start from.

const deflated = (payload: string | Uint8Array) =>
  deflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
const hex = (bytes: string) => Buffer.from(bytes, "hex");
const rsv = 4;

const conversations: Frame[][] = [
  [text("hello"), binary("world"), ping("p"), close(1000, "bye")],
  [text("he", open), ping("P"), more("llo"), pong("q")],
  [text(Buffer.of(0xf0, 0x9f), open), more(Buffer.of(0x98), open), more(Buffer.of(0x80))],
  [binary(Buffer.alloc(126, 1)), binary(Buffer.alloc(300, 2), open), more(Buffer.alloc(70, 3))],
  [binary(Buffer.alloc(65536, 4))],
  [text("", open), more("", open), more(""), text("")],
  [close()],
  [close(4999, "\u{1f600}")],
  [text("κόσμε 日本 😀 \ufffd")],
  [text(deflated("hello hello hello"), { rsv }), text(deflated("again"), { rsv }), text("plain")],
  [binary(deflated("x".repeat(5000)), { rsv, ...open }), ping(), more(hex(""))],
  [text(hex("f248cdc9c90700"), { rsv }), text(hex("f200110000"), { rsv })],
  [text(hex("f348cdc9c9070000"), { rsv }), binary(hex("03000300030000"), { rsv })],
  [text("a", { lengthBytes: 2 })],
  [binary("", { length: 2n ** 63n })],
  [text("a", { isWronglyMasked: true }), ping("a".repeat(126))],
];

export const framesCorpus = (isFromClient: boolean): Buffer[] =>
  conversations.map((frames) => bytesOf(frames, isFromClient));

const offers = [
  "permessage-deflate",
  "permessage-deflate; client_max_window_bits; server_max_window_bits=10",
  'permessage-deflate; server_no_context_takeover; client_max_window_bits="9", permessage-deflate',
  'x-a; b; c=d; e="f", x-g',
];

export const requestCorpus: Buffer[] = [
  request(),
  request({ "Sec-WebSocket-Protocol": "chat, soap", Origin: "https://example.com" }),
  request({ Connection: "keep-alive, Upgrade", Cookie: "a=b; c=d", Accept: "*/*" }),
  request({}, "GET http://example.com/a?b=c HTTP/1.1"),
  request({ Host: "[::1]:80", "Sec-WebSocket-Version": ["8", "13"] }),
  ...offers.map((offer) => request({ "Sec-WebSocket-Extensions": offer })),
].map((head) => Buffer.concat([Buffer.from(head), bytesOf([text("behind"), ping("p"), close(1000)], true)]));

export const responseCorpus: Buffer[] = [
  response(),
  response({ "Sec-WebSocket-Protocol": "chat" }),
  response({ Location: "ws://elsewhere/" }, "HTTP/1.1 302 Found"),
  `HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n${response()}`,
  ...offers.map((offer) => response({ "Sec-WebSocket-Extensions": offer })),
].map((head) => Buffer.concat([Buffer.from(head), bytesOf([text("behind"), ping("p"), close(1000)], false)]));

/** What lies at the edges of rules, to be put in anywhere. */
export const tokens: Buffer[] = [
  ...[
    "00",
    "7f",
    "80",
    "ff",
    "7e",
    "7d",
    "fe",
    "8000000000000000",
    "ffffffffffffffff",
    "001fffffffffffff",
    "03e8",
    "03ed",
  ],
  ...[
    "0300",
    "000000ffff",
    "f200110000",
    "eda080",
    "efbfbd",
    "c0af",
    "f4908080",
    "c1",
    "e2",
    "88",
    "89",
    "8a",
    "c1",
    "00",
    "01",
    "80",
  ],
]
  .map(hex)
  .concat(
    [
      "\r\n",
      "\n",
      "\r",
      "\r\n\r\n",
      " ",
      "\t",
      ":",
      ",",
      ";",
      "=",
      '"',
      "\\",
      "\0",
      "__proto__",
      "HTTP/1.1",
      "websocket",
    ].map((word) => Buffer.from(word)),
    [Buffer.from(KEY), Buffer.from("permessage-deflate; client_max_window_bits=8")],
  );
