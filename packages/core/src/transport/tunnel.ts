import type { Socket } from "node:net";
import { type CodecFactory, Framed, toBuffer } from "@sock/codec";
import { SockError } from "../errors.ts";

/** What proxies speak until the way is open: the codec of the first of them, that leads to `next` in the end. */
export type Opening = (next: CodecFactory<unknown, never, never>) => CodecFactory<unknown, never, never>;

/**
 * Lets proxies open the way on over `socket`, for a transport that begins behind them: TLS with the target. Where a codec goes
 * on, none of this is needed, since it is upgraded to.
 *
 * Leaves a socket that is paused and has nobody who listens; what the target has said already is there to be read.
 * @throws ProtocolError when a proxy refuses, Node's error, the reason of `signal`; the socket is destroyed then
 */
export function openTunnel(socket: Socket, opening: Opening, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const early: Uint8Array[] = [];
    let isOpen = false;
    const framed = new Framed<unknown, never>(opening(takesAll), {
      message: (chunk) => void early.push(chunk as Uint8Array),
      write: (bytes) => void socket.write(toBuffer(bytes as Uint8Array)),
      failed: (error) => fail(error),
      ended: () => fail(endedEarly()),
      end: () => fail(endedEarly()),
      opened() {
        isOpen = true;
      },
    });

    const forget = () => {
      signal.removeEventListener("abort", abort);
      socket.off("data", read).off("end", end).off("error", fail).off("close", close);
    };
    const fail = (error: unknown) => {
      forget();
      // For what a socket that was given up has still to say.
      socket.on("error", () => undefined).destroy();
      reject(error);
    };
    const abort = () => fail(signal.reason);
    const close = () => fail(endedEarly());
    const end = () => framed.finish();
    const read = (chunk: Buffer) => {
      framed.receive(chunk);
      if (!isOpen) return;
      forget();
      socket.pause();
      if (early.length > 0) socket.unshift(Buffer.concat(early));
      resolve();
    };

    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort);
    socket.on("error", fail).on("close", close).on("end", end).on("data", read);
    framed.start();
  });
}

/** The codec behind the last proxy: whatever comes is the target's, and not ours to understand. */
const takesAll: CodecFactory<unknown, never> = () => ({
  input: (buffer) => buffer.length,
  decode: (chunk) => chunk,
  encode(): never {
    throw new TypeError("nothing is sent by way of a tunnel that opens");
  },
});

function endedEarly(): SockError {
  return new SockError("CONNECTION_CLOSED", "the proxy ended before the way was open");
}
