import type { Protocol } from "../protocol.ts";

const WIDTH = 4;

/** Bytes behind their length, as `@sock/protocol-frame` has them. */
export const frame: Protocol = {
  request: join,
  measure(received) {
    if (received.length < WIDTH) return 0;
    const length = received.readUInt32BE();
    return received.length < length ? 0 : length;
  },
  isRight: (response, payload) => response.equals(join(payload)),
};

function join(payload: Buffer): Buffer {
  const length = Buffer.alloc(WIDTH);
  length.writeUInt32BE(WIDTH + payload.length);
  return Buffer.concat([length, payload]);
}
