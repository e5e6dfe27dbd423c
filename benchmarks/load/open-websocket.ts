import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { handshake } from "./protocols/websocket.ts";

const { request, isRight } = handshake();

/** Where all sockets read into, one after the other. */
const chunk = Buffer.allocUnsafeSlow(64 * 1024);

/** Resolves with a socket on which a WebSocket is open. `read` is shown what comes on it, and does not keep it. */
export async function openWebSocket(port: number, read: (bytes: Buffer) => void): Promise<Socket> {
  let take = read;
  const accepted = new Promise<void>((resolve, reject) => {
    // An answer of a few hundred bytes: on loopback it comes in one piece.
    take = (answer) => {
      take = read;
      if (isRight(answer)) resolve();
      else reject(new Error(`not accepted: ${answer.toString("latin1")}`));
    };
  });
  const socket = connect({
    host: "127.0.0.1",
    port,
    noDelay: true,
    // Past the readable stream: no buffer is made for what is only counted.
    onread: {
      buffer: chunk,
      callback(length) {
        take(chunk.subarray(0, length));
        return true;
      },
    },
  });
  await once(socket, "connect");
  socket.write(request);
  await accepted;
  return socket;
}
