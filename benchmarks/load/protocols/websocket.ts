import type { Opening, Protocol } from "../protocol.ts";

const FIN = 0x80;
const MASKED = 0x80;
const OPCODES = { text: 1, binary: 2 };

// RFC 6455 1.3: the nonce of its example, and the accept key that belongs to it.
const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/** WebSocket messages of one frame each: masked on their way to the server, bare on their way back. */
export function websocket(kind: "text" | "binary"): Protocol {
  const opcode = FIN | OPCODES[kind];
  return {
    opening: [handshake()],

    request(payload) {
      const header = headerOf(opcode, payload.length, MASKED);
      const mask = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);
      return Buffer.concat([header, mask, payload.map((byte, i) => byte ^ mask[i & 3]!)]);
    },

    measure(received) {
      const width = headerWidth(received);
      if (received.length < width) return 0;
      const length = width + lengthIn(received);
      return received.length < length ? 0 : length;
    },

    isRight: (response, payload) =>
      response.equals(Buffer.concat([headerOf(opcode, payload.length, 0), payload])),
  };
}

/** RFC 6455 4.1. */
export function handshake(target = "/"): Opening {
  return {
    request: Buffer.from(
      `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\n\r\n`,
    ),
    measure(received) {
      const end = received.indexOf("\r\n\r\n");
      return end === -1 ? 0 : end + 4;
    },
    isRight(answer) {
      const head = answer.toString("latin1");
      return head.startsWith("HTTP/1.1 101 ") && head.includes(ACCEPT);
    },
  };
}

function headerOf(opcode: number, length: number, masked: number): Buffer {
  if (length < 126) return Buffer.from([opcode, masked | length]);
  if (length < 0x1_0000) return Buffer.from([opcode, masked | 126, length >> 8, length & 0xff]);
  const header = Buffer.from([opcode, masked | 127, 0, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(length, 6);
  return header;
}

function headerWidth(received: Buffer): number {
  const short = received[1] ?? 0;
  return short < 126 ? 2 : short === 126 ? 4 : 10;
}

function lengthIn(received: Buffer): number {
  const short = received[1] ?? 0;
  if (short < 126) return short;
  return short === 126 ? received.readUInt16BE(2) : received.readUInt32BE(6);
}
