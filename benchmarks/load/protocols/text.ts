import type { Protocol } from "../protocol.ts";

/** Lines, as `@sock/protocol-text` has them. */
export const text: Protocol = {
  request: line,
  measure: (received) => received.indexOf("\n") + 1,
  isRight: (response, payload) => response.equals(line(payload)),
};

function line(payload: Buffer): Buffer {
  return Buffer.concat([payload, Buffer.from("\n")]);
}
