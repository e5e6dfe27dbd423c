import { createHash } from "node:crypto";
import { type Bytes, type CodecFactory, Framed, isStream, ProtocolError, toBuffer } from "@sock/codec";
import { Deflate } from "../src/deflate.ts";
import { type DeflateOptions, settleDeflate } from "../src/deflate-options.ts";
import { settleLimits, type WebSocketLimits } from "../src/limits.ts";
import type { WebSocketMessage, WebSocketMessageOut } from "../src/messages.ts";
import type { DeflateAgreement } from "../src/negotiation.ts";
import type { FrameNote } from "../src/notes.ts";
import type { MaskSource } from "../src/random.ts";
import { WebSocketCodec } from "../src/websocket-codec.ts";
import { readFrames } from "./frames.ts";

export type Role = "server" | "client";

/** What is agreed on and allowed when the frames begin. */
export interface Terms extends WebSocketLimits {
  deflate?: DeflateOptions & Partial<DeflateAgreement>;
}

interface ObservedOptions {
  onMessage?: (message: WebSocketMessage) => void;
  /** Errors that are not the peer's fault are expected: `throws RangeError`. */
  isBuggy?: boolean;
}

type Opened = Framed<WebSocketMessage, WebSocketMessageOut, FrameNote>;

/**
 * A codec behind its handshake, and all that comes of it, each as a line:
 * `text hello`, `binary 0102`, `note ping abc`, `sends pong abc`, `fails WS_RSV`, `ends`.
 */
export class Observed {
  readonly lines: string[] = [];
  /** Of the Close frames sent. */
  readonly reasons: string[] = [];
  readonly framed: Opened;
  readonly #role: Role;
  readonly #isBuggy: boolean;

  constructor(role: Role, terms: Terms = {}, { onMessage, isBuggy = false }: ObservedOptions = {}) {
    this.#role = role;
    this.#isBuggy = isBuggy;
    this.framed = new Framed(framesFor(role, terms), {
      message: (message) => {
        this.lines.push(describeMessage(message));
        onMessage?.(message);
      },
      write: (encoded) => {
        if (isStream(encoded)) throw new Error("a stream");
        this.#sent(encoded);
      },
      note: (note) => void this.lines.push(`note ${describeNote(note)}`),
      failed: (error, phase) => this.#failed(error, phase),
      end: () => void this.lines.push("ends"),
      ended: () => {},
    });
    this.framed.start();
  }

  receive(...chunks: Uint8Array[]): this {
    for (const chunk of chunks) this.framed.receive(chunk);
    return this;
  }

  #failed(error: unknown, phase: string): void {
    if (this.#isBuggy) return void this.lines.push(`throws ${(error as Error).name}`);
    if (!ProtocolError.is(error)) throw new Error(`not a ProtocolError, in ${phase}`, { cause: error });
    if (error.farewell !== undefined) this.#sent(error.farewell);
    this.lines.push(`fails ${error.code}`);
  }

  #sent(bytes: Bytes): void {
    for (const { opcode, payload, fin, rsv, isMasked } of readFrames(toBuffer(bytes))) {
      if (isMasked !== (this.#role === "client")) throw new Error("masked as the other role");
      if (!fin || (rsv !== 0 && rsv !== 4)) throw new Error("fragmented, or with reserved bits");
      if (opcode === 8) this.reasons.push(payload.toString("utf8", 2));
      this.lines.push(`sends ${rsv === 4 ? "deflated " : ""}${describe(opcode, payload)}`);
    }
  }
}

export function framesFor(
  role: Role,
  { deflate, ...limits }: Terms = {},
  maskSource?: MaskSource,
): CodecFactory<WebSocketMessage, WebSocketMessageOut, FrameNote> {
  return (link) =>
    new WebSocketCodec(link, {
      isServer: role === "server",
      limits: settleLimits(limits),
      deflate: deflateFor(deflate),
      maskSource,
    });
}

function deflateFor(options: Terms["deflate"]): Deflate | undefined {
  const settings = settleDeflate(options);
  return settings && new Deflate(settings, { ...settings, ...options } as DeflateAgreement);
}

/** What our side makes of a message. */
export function describeMessage(message: unknown): string {
  if (typeof message === "string") return `text ${short(message)}`;
  return `binary ${short(Buffer.from(message as Uint8Array).toString("hex"))}`;
}

const NAMES: Readonly<Record<number, string>> = {
  0: "continuation",
  1: "text",
  2: "binary",
  8: "close",
  9: "ping",
  10: "pong",
};

function describe(opcode: number, payload: Buffer): string {
  if (opcode === 8) return payload.length === 0 ? "close" : `close ${payload.readUInt16BE()}`;
  const content = opcode === 2 ? payload.toString("hex") : payload.toString();
  return `${NAMES[opcode]} ${short(content)}`.trimEnd();
}

function describeNote(note: FrameNote): string {
  if (note.type === "close") return `close ${note.code} ${note.reason}`.trimEnd();
  return `${note.type} ${short(Buffer.from(note.data).toString())}`.trimEnd();
}

/** Long contents by their length and digest, so that what differs can be read. */
export function short(content: string): string {
  if (content.length <= 100) return content;
  return `${content.length} characters ${createHash("sha1").update(content).digest("hex").slice(0, 8)}`;
}
