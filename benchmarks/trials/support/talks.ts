import { handshake } from "../../load/protocols/websocket.ts";
import type { Served } from "./served.ts";

/** What a client finds at the start of what it has received. */
export type Taken = { length: number } & (
  | { is: "greeting" }
  | { is: "answer"; pid: number; isLast: boolean }
  | { is: "goodbye"; code: number }
);

/** How a client talks. */
export interface Talk {
  serves: Served;
  hello?: Buffer;
  question: Buffer;
  /** What a goodbye is answered with. */
  goodbye?: Buffer;
  /** Each question over a connection of its own. */
  isOnce?: boolean;
  /** Milliseconds from an answer to the next question: what comes right behind the answer is seen first, though all wait for a core. */
  pause?: number;
  take(received: Buffer): Taken | undefined;
}

export type TalkName = "short HTTP" | "keep-alive HTTP" | "WebSocket" | "text";

export const talks: Record<TalkName, Talk> = {
  "short HTTP": {
    serves: "http",
    question: Buffer.from("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
    isOnce: true,
    take: takeResponse,
  },
  "keep-alive HTTP": {
    serves: "http",
    question: Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
    take: takeResponse,
  },
  WebSocket: {
    serves: "websocket",
    hello: handshake().request,
    question: masked(0x81, Buffer.from("who")),
    pause: 20,
    goodbye: masked(0x88, Buffer.from([1012 >> 8, 1012 & 0xff])),
    take: takeFrame,
  },
  text: {
    serves: "text",
    question: Buffer.from("who\n"),
    pause: 20,
    take(received) {
      const end = received.indexOf("\n");
      if (end === -1) return undefined;
      return {
        is: "answer",
        pid: Number(received.toString("latin1", 0, end)),
        isLast: false,
        length: end + 1,
      };
    },
  },
};

function takeResponse(received: Buffer): Taken | undefined {
  const end = received.indexOf("\r\n\r\n");
  if (end === -1) return undefined;
  const head = received.toString("latin1", 0, end);
  const [, size = ""] = /\r\ncontent-length: (\d+)/i.exec(head) ?? [];
  const length = end + 4 + Number(size);
  if (!head.startsWith("HTTP/1.1 200") || size === "") throw new Error(`a wrong answer: ${head}`);
  if (received.length < length) return undefined;
  const pid = Number(received.toString("latin1", end + 4, length));
  return { is: "answer", pid, isLast: /\r\nconnection: close/i.test(head), length };
}

/** All frames of these servers are short. */
function takeFrame(received: Buffer): Taken | undefined {
  if (received[0] === 0x48) {
    const end = received.indexOf("\r\n\r\n");
    return end === -1 ? undefined : { is: "greeting", length: end + 4 };
  }
  const length = 2 + (received[1] ?? Infinity);
  if (received.length < length) return undefined;
  if (received[0] === 0x88) return { is: "goodbye", code: received.readUInt16BE(2), length };
  return { is: "answer", pid: Number(received.toString("latin1", 2, length)), isLast: false, length };
}

/** With a mask of zeros, which changes nothing. */
function masked(first: number, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([first, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}
