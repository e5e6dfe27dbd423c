import { type CodecFactory, Framed, ProtocolError, toBuffer } from "@sock/codec";
import { expect } from "vitest";
import type { WebSocketMessage, WebSocketMessageOut } from "../src/messages.ts";
import { cut } from "./conformance/suite.ts";

/** The key of RFC 6455 1.3, and the answer to it. */
export const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
export const ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/** The fields that a request must have. One that is `undefined` among the changes is left out; an array repeats. */
export type Changes = Readonly<Record<string, string | readonly string[] | undefined>>;

export function request(changes: Changes = {}, line = "GET /chat HTTP/1.1"): string {
  const fields: Changes = {
    Host: "example.com",
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Key": KEY,
    "Sec-WebSocket-Version": "13",
    ...changes,
  };
  return head(line, fields);
}

export function response(changes: Changes = {}, line = "HTTP/1.1 101 Switching Protocols"): string {
  return head(line, {
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Accept": ACCEPT,
    ...changes,
  });
}

function head(line: string, fields: Changes): string {
  const lines = Object.entries(fields).flatMap(([name, value]) =>
    [value ?? []].flat().map((one) => `${name}: ${one}\r\n`),
  );
  return `${line}\r\n${lines.join("")}\r\n`;
}

type Factory<Note> = CodecFactory<WebSocketMessage, WebSocketMessageOut, Note>;

/** One end of a connection from its first byte on, and what came of it. */
export class End<Note> {
  readonly framed: Framed<WebSocketMessage, WebSocketMessageOut, Note>;
  readonly messages: WebSocketMessage[] = [];
  readonly notes: Note[] = [];
  readonly phases: string[] = [];
  /** What it has sent: replies, messages and farewells. */
  sent = Buffer.alloc(0);
  isOpened = false;
  isEnded = false;
  error: unknown;
  /** Is called as a connection's handlers are. */
  onOpened: () => void = () => {};

  constructor(factory: Factory<Note>) {
    const send = (bytes: Parameters<typeof toBuffer>[0]) => {
      this.sent = Buffer.concat([this.sent, toBuffer(bytes)]);
    };
    this.framed = new Framed(factory, {
      message: (message) => void this.messages.push(message),
      write: (encoded) => send(encoded as Uint8Array),
      note: (note) => void this.notes.push(note),
      phase: (name) => void this.phases.push(name),
      opened: () => {
        this.isOpened = true;
        this.onOpened();
      },
      end: () => {
        this.isEnded = true;
      },
      failed: (error) => {
        this.error = error;
        if (ProtocolError.is(error) && error.farewell !== undefined) send(error.farewell);
      },
    });
    this.framed.start();
  }

  /** The status of the answer that was sent. */
  get status(): number | undefined {
    const match = /^HTTP\/1\.1 (\d{3}) /.exec(this.sent.toString("latin1"));
    return match === null ? undefined : Number(match[1]);
  }

  get code(): string | undefined {
    return ProtocolError.is(this.error) ? this.error.code : undefined;
  }

  receive(bytes: string | Uint8Array): this {
    this.framed.receive(Buffer.from(bytes as Uint8Array));
    return this;
  }
}

/** Gives the bytes to an end, whole and byte by byte: the same comes of it. Answers the first. */
export function received<Note>(factory: Factory<Note>, bytes: string | Uint8Array): End<Note> {
  const whole = new End(factory).receive(bytes);
  const dripped = new End(factory);
  for (const byte of cut(Buffer.from(bytes as Uint8Array), 1)) dripped.receive(byte);
  const outcome = ({ status, code, isOpened, isEnded, messages, sent }: End<Note>) => ({
    status,
    code,
    isOpened,
    isEnded,
    messages,
    sent: sent.toString("latin1"),
  });
  expect(outcome(dripped)).toEqual(outcome(whole));
  return whole;
}
