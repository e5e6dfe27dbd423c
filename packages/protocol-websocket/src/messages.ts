import { MAX_CONTROL } from "./header.ts";

/** A message as it comes: a string was a text message, bytes were a binary one. */
export type WebSocketMessage = string | Uint8Array;

/** A message as it may be sent. */
export type WebSocketMessageOut = WebSocketMessage | Ping;

/** A ping to be sent; made by `ping()`. The peer answers with a pong of the same data. */
export interface Ping {
  readonly type: "ping";
  readonly data: Uint8Array;
}

/**
 * A ping to be sent like a message.
 * @throws RangeError when `data` takes more than 125 bytes
 */
export function ping(data: string | Uint8Array = ""): Ping {
  const bytes = typeof data === "string" ? Buffer.from(data) : data;
  if (!(bytes instanceof Uint8Array)) throw new TypeError("a ping carries a string or a Uint8Array");
  if (bytes.length > MAX_CONTROL)
    throw new RangeError(`a ping of ${bytes.length} bytes, ${MAX_CONTROL} are allowed`);
  return { type: "ping", data: bytes };
}
