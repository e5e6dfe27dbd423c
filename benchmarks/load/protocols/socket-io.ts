import type { Protocol } from "../protocol.ts";
import { handshake, websocket } from "./websocket.ts";

/** Engine.IO packet types, and Socket.IO's within a message (4). */
const OPEN = "0";
const CONNECT = "40";
const EVENT = "42";

const { request, measure, isRight } = websocket("text");
const upgrade = handshake("/socket.io/?EIO=4&transport=websocket");

/** Events of Socket.IO 4 over WebSocket: `echo` with a text, and back. */
export const socketIo: Protocol = {
  opening: [
    {
      request: upgrade.request,
      // The server's first packet may stand behind its head.
      measure(received) {
        const head = upgrade.measure(received);
        const packet = head && measure(received.subarray(head));
        return packet && head + packet;
      },
      isRight(answer) {
        const head = upgrade.measure(answer);
        return upgrade.isRight(answer.subarray(0, head)) && textOf(answer.subarray(head)).startsWith(OPEN);
      },
    },
    {
      request: request(Buffer.from(CONNECT)),
      measure,
      isRight: (packet) => textOf(packet).startsWith(CONNECT),
    },
  ],
  request: (payload) => request(event(payload)),
  measure,
  isRight: (response, payload) => isRight(response, event(payload)),
};

function event(payload: Buffer): Buffer {
  return Buffer.from(`${EVENT}${JSON.stringify(["echo", payload.toString("latin1")])}`);
}

/** Of a short frame. */
function textOf(frame: Buffer): string {
  return frame.toString("utf8", 2);
}
