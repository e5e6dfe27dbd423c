import type { Socket } from "node:net";
import { ProtocolError } from "@sock/codec";
import type { EventLoop } from "../../event-loop.ts";
import type { ProxyHeader } from "./header.ts";
import type { ProxyProtocol } from "./options.ts";
import { ProxyHeaderReader } from "./reader.ts";

/** How reading ended: a header and what came behind it, or what was wrong. Nothing: it went without a word. */
export type HeaderEnd = { header: ProxyHeader; rest: Buffer } | { error: Error | undefined };

/**
 * Reads the header from a socket that has read nothing. `done` is called once, not within this call; with a header, the
 * socket is paused then, and nothing else of it was read: whoever takes its handle, or `unshift`s the rest, goes on.
 *
 * @returns gives up: `done` is not called any more
 */
export function readProxyHeader(
  socket: Socket,
  { timeout, maxHeaderSize }: ProxyProtocol,
  loop: EventLoop,
  done: (end: HeaderEnd) => void,
): () => void {
  const reader = new ProxyHeaderReader(maxHeaderSize);
  const stop = () => {
    deadline.disarm();
    socket.pause();
    socket.off("data", received).off("end", ended).off("close", ended).off("error", failed);
  };
  const finish = (end: HeaderEnd) => {
    stop();
    done(end);
  };
  const fail = (sentence: string) => finish({ error: new ProtocolError("PROXY_HEADER", sentence) });
  const received = (chunk: Buffer) => {
    const end = receive(reader, chunk);
    if (end === undefined) return;
    if ("rest" in end) end.rest = Buffer.concat([end.rest, ...buffered(socket)]);
    finish(end);
  };
  // A health check may connect and say nothing.
  const ended = () => {
    if (reader.received === 0) finish({ error: undefined });
    else fail(`the connection ended ${reader.received} bytes into a PROXY header`);
  };
  const failed = (error: Error) => finish({ error: reader.received === 0 ? undefined : error });
  const deadline = loop.deadline(() => fail(`no PROXY header within ${timeout} ms`));
  deadline.arm(timeout);
  socket.on("data", received).on("end", ended).on("close", ended).on("error", failed);
  socket.resume();
  return stop;
}

function receive(reader: ProxyHeaderReader, chunk: Buffer): HeaderEnd | undefined {
  try {
    return reader.receive(chunk);
  } catch (error) {
    return { error: error as Error };
  }
}

/** What the stream has read, and not given out. */
function* buffered(socket: Socket): Generator<Buffer> {
  for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) yield chunk;
}
