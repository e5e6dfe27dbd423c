import { createHash } from "node:crypto";

/** The answer to a `Sec-WebSocket-Key`, RFC 6455 4.2.2, 5.4: proof that the server speaks WebSocket. */
export function acceptKey(key: string): string {
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}
