import {
  asBuffer,
  type Bytes,
  type Codec,
  type CodecLink,
  type Farewell,
  ProtocolError,
  toBuffer,
} from "@sock/codec";
import { CLOSE_CODES, isCloseCode } from "./close-codes.ts";
import { closeData, goodbye } from "./close-data.ts";
import type { Deflate } from "./deflate.ts";
import { Fragments } from "./fragments.ts";
import {
  BINARY,
  CLOSE,
  CONTINUATION,
  FIN,
  faultOf,
  headerLength,
  headerLengthFor,
  MAX_CONTROL,
  MAX_HEADER,
  OPCODE,
  PING,
  PONG,
  payloadLength,
  RSV1,
  TEXT,
  writeHeader,
  writeKey,
} from "./header.ts";
import type { SettledLimits } from "./limits.ts";
import { mask } from "./mask.ts";
import type { WebSocketMessage, WebSocketMessageOut } from "./messages.ts";
import type { FrameNote } from "./notes.ts";
import { type MaskSource, randomMask } from "./random.ts";
import { CLOSING, type ClosingEvent, type ClosingState } from "./state.ts";
import { SHORT_TEXT, shortTextFrame } from "./text-frame.ts";
import { textOf } from "./utf8.ts";

export interface FrameOptions {
  /** Frames come masked and go unmasked; for a client it is the other way round. */
  readonly isServer: boolean;
  readonly limits: SettledLimits;
  readonly deflate?: Deflate | undefined;
  readonly maskSource?: MaskSource | undefined;
}

/** Up to this size copying a payload behind its header is cheaper than writing two pieces (Node 26). */
const JOINED = 2048;
const NOTHING = "";
const NO_DATA = Buffer.alloc(0);

/** What the peer is told when it breaks a rule; 1002 for those not listed. */
const CLOSE_CODE_OF: Readonly<Record<string, number>> = {
  WS_UTF8: CLOSE_CODES.invalidData, //            RFC 6455 8.1
  WS_DEFLATE: CLOSE_CODES.invalidData,
  WS_TOO_LARGE: CLOSE_CODES.tooLarge,
  WS_TOO_MANY_FRAGMENTS: CLOSE_CODES.policyViolation,
};

/** The frames of an open WebSocket: RFC 6455 5 to 8, RFC 7692. */
export class WebSocketCodec implements Codec<WebSocketMessage, WebSocketMessageOut> {
  readonly #link: CodecLink<FrameNote>;
  readonly #isServer: boolean;
  readonly #limits: SettledLimits;
  readonly #deflate: Deflate | undefined;
  readonly #maskSource: MaskSource;
  readonly #alike: string | undefined;
  #state: ClosingState = "open";
  /** The message that comes in fragments, while one does. */
  #fragments: Fragments | undefined;
  readonly #expected: { isMasked: boolean; allowsRsv1: boolean; isContinuing: boolean };

  constructor(
    link: CodecLink<FrameNote>,
    { isServer, limits, deflate, maskSource = randomMask }: FrameOptions,
  ) {
    this.#link = link;
    this.#isServer = isServer;
    this.#limits = limits;
    this.#deflate = deflate;
    this.#maskSource = maskSource;
    this.#alike = isServer ? alikeOf(deflate) : undefined;
    this.#expected = { isMasked: isServer, allowsRsv1: deflate !== undefined, isContinuing: false };
    // The codec's own limit is looked at first, and counts all fragments of a message.
    link.maxPackageSize = MAX_HEADER + Math.max(MAX_CONTROL, limits.maxMessageSize);
    link.phase("open");
  }

  get name(): string {
    return "websocket";
  }

  /** Our Close is out, or the peer's has come: nothing more may be said. */
  get closing(): boolean {
    return this.#state !== "open";
  }

  get alike(): string | undefined {
    return this.#state === "open" ? this.#alike : undefined;
  }

  get retained(): number {
    return (this.#fragments?.retained ?? 0) + (this.#deflate?.retained ?? 0);
  }

  input(buffer: Uint8Array): number {
    if (this.#state === "closed") return buffer.length;
    if (buffer.length < 2) return 0;
    const first = buffer[0]!;
    const second = buffer[1]!;
    const fault = faultOf(first, second, this.#expected);
    if (fault !== undefined) throw this.#fail(...fault);
    const header = headerLength(second);
    if (buffer.length < header) return 0;
    const length = payloadLength(buffer);
    if (typeof length !== "number") throw this.#fail(...length);
    if ((first & OPCODE) < CLOSE) this.#checkLimits(length);
    return header + length;
  }

  decode(frame: Uint8Array): WebSocketMessage | undefined {
    if (this.#state === "closed") return undefined;
    const first = frame[0]!;
    const header = headerLength(frame[1]!);
    if (this.#isServer) mask(frame, header);
    if (first === (FIN | BINARY)) return frame.subarray(header);
    if (first === (FIN | TEXT)) return this.#text(asBuffer(frame), header);
    const payload = asBuffer(frame).subarray(header);
    return (first & OPCODE) < CLOSE ? this.#gather(first, payload) : this.#control(first, payload);
  }

  encode(message: WebSocketMessageOut): Bytes {
    if (this.#state !== "open") return NOTHING;
    if (typeof message === "string") return this.#encodeText(message);
    if (message instanceof Uint8Array) return this.#encodeData(BINARY, message);
    if (message?.type === "ping") return this.#encodeControl(PING, message.data);
    throw new TypeError("a WebSocket message is a string, a Uint8Array or a ping()");
  }

  ping(): Bytes {
    return this.#state === "open" ? this.#frame(FIN | PING, NO_DATA) : NOTHING;
  }

  farewell(why: Farewell): void {
    if (this.#state === "open") {
      this.#link.reply(this.#encodeControl(CLOSE, goodbye(why)));
      this.#move("weClose");
    } else if (why.why === "deadline") {
      this.#link.end();
    }
  }

  finish(rest: Uint8Array): undefined {
    if (this.#state !== "closed") this.#link.note({ type: "close", code: CLOSE_CODES.abnormal, reason: "" });
    this.#move("peerEnds");
    this.#link.end();
    if (rest.length === 0) return;
    throw new ProtocolError("UNEXPECTED_END", `the stream ended ${rest.length} bytes into a frame`);
  }

  #checkLimits(length: number): void {
    const { maxMessageSize, maxFragments } = this.#limits;
    const fragments = this.#fragments;
    const total = fragments === undefined ? length : fragments.length + length;
    if (total > maxMessageSize) throw this.#tooLarge(total);
    if (fragments !== undefined && fragments.count >= maxFragments) {
      throw this.#fail("WS_TOO_MANY_FRAGMENTS", `a message in more than ${maxFragments} fragments`);
    }
  }

  #gather(first: number, payload: Buffer): WebSocketMessage | undefined {
    const isLast = (first & FIN) !== 0;
    // Only a compressed message comes here whole.
    if (isLast && (first & OPCODE) !== CONTINUATION) return this.#inflated(first & OPCODE, payload);
    this.#fragments ??= new Fragments(first);
    const fragments = this.#fragments;
    fragments.add(payload, first);
    const isPlainText = fragments.opcode === TEXT && !fragments.isCompressed;
    // RFC 6455 8.1, as soon as a fragment shows it.
    if (isPlainText && !fragments.isText(isLast)) throw this.#fail("WS_UTF8", "a text message is not UTF-8");
    this.#expected.isContinuing = !isLast;
    if (!isLast) return undefined;
    this.#fragments = undefined;
    const message = fragments.join();
    if (fragments.isCompressed) return this.#inflated(fragments.opcode, message);
    return isPlainText ? message.toString() : message;
  }

  #inflated(opcode: number, payload: Buffer): WebSocketMessage {
    const max = this.#limits.maxMessageSize;
    let message: Buffer;
    try {
      // The reserved bit was let through because there is a Deflate.
      message = this.#deflate!.inflate(payload, max);
    } catch (error) {
      if (isOverLimit(error)) throw this.#tooLarge(max + 1);
      throw this.#fail("WS_DEFLATE", "a compressed message cannot be inflated", error);
    }
    if (message.length > max) throw this.#tooLarge(message.length);
    return opcode === TEXT ? this.#text(message, 0) : message;
  }

  #text(bytes: Buffer, from: number): string {
    const text = textOf(bytes, from);
    if (text === undefined) throw this.#fail("WS_UTF8", "a text message is not UTF-8");
    return text;
  }

  #control(first: number, payload: Buffer): undefined {
    const opcode = first & OPCODE;
    if (opcode === CLOSE) return this.#peerCloses(payload);
    // RFC 6455 5.5.2: a ping is answered with its data, unless a Close has come.
    if (opcode === PING) this.#link.reply(this.#frame(FIN | PONG, payload));
    this.#link.note({ type: opcode === PING ? "ping" : "pong", data: payload });
  }

  #peerCloses(payload: Buffer): undefined {
    const { code, reason } = this.#readClose(payload);
    // RFC 6455 5.5.1: answered with the same code, unless ours went first.
    if (this.#state === "open") this.#link.reply(this.#frame(FIN | CLOSE, payload.subarray(0, 2)));
    this.#move("peerCloses");
    this.#link.note({ type: "close", code, reason });
    // RFC 6455 7.1.1: the server ends the connection first, so that TIME_WAIT is its to hold.
    if (this.#isServer) this.#link.end();
    else this.#link.phase("end", { within: this.#limits.endTimeout });
  }

  #readClose(payload: Buffer): { code: number; reason: string } {
    // RFC 6455 5.5.1, 7.1.5.
    if (payload.length === 0) return { code: CLOSE_CODES.noCode, reason: "" };
    if (payload.length === 1) throw this.#fail("WS_CLOSE", "a Close frame of one byte");
    const code = payload.readUInt16BE();
    if (!isCloseCode(code)) throw this.#fail("WS_CLOSE_CODE", `${code} is not a code to close with`);
    const reason = textOf(payload, 2);
    if (reason === undefined) throw this.#fail("WS_UTF8", "the reason of a Close is not UTF-8");
    return { code, reason };
  }

  #encodeText(message: string): Bytes {
    // Masking and compressing are done on bytes.
    const isPlain = this.#isServer && this.#deflate === undefined;
    if (isPlain && message.length <= SHORT_TEXT) return shortTextFrame(message) ?? refuseText();
    return message.isWellFormed() ? this.#encodeData(TEXT, Buffer.from(message)) : refuseText();
  }

  #encodeData(opcode: number, payload: Uint8Array): Bytes {
    const compressed = this.#deflate?.compress(payload);
    return compressed ? this.#frame(FIN | RSV1 | opcode, compressed) : this.#frame(FIN | opcode, payload);
  }

  #encodeControl(opcode: number, data: Uint8Array): Bytes {
    if (data.length <= MAX_CONTROL) return this.#frame(FIN | opcode, data);
    throw new RangeError(`${data.length} bytes in a control frame, ${MAX_CONTROL} are allowed`);
  }

  #frame(first: number, payload: Uint8Array): Bytes {
    const length = payload.length;
    const isMasked = !this.#isServer;
    const header = headerLengthFor(length, isMasked);
    const isJoined = isMasked || length <= JOINED;
    const frame = Buffer.allocUnsafe(isJoined ? header + length : header);
    writeHeader(frame, first, length, isMasked);
    if (!isJoined) return [frame, payload];
    frame.set(payload, header);
    if (isMasked) {
      writeKey(frame, header - 4, this.#maskSource());
      mask(frame, header);
    }
    return frame;
  }

  #move(event: ClosingEvent): void {
    this.#state = CLOSING[this.#state][event] ?? this.#state;
  }

  #tooLarge(length: number): ProtocolError {
    return this.#fail(
      "WS_TOO_LARGE",
      `a message of ${length} bytes or more, over the limit of ${this.#limits.maxMessageSize}`,
    );
  }

  /** RFC 6455 7.1.7: the peer is told why, unless our Close is out already. */
  #fail(code: string, sentence: string, cause?: unknown): ProtocolError {
    const options = cause === undefined ? {} : { cause };
    if (this.#state !== "open") return new ProtocolError(code, sentence, options);
    const data = closeData(CLOSE_CODE_OF[code] ?? CLOSE_CODES.protocolError, sentence);
    // A copy of its own: errors are kept, and would keep a slab of the shared pool with them.
    const farewell = new Uint8Array(toBuffer(this.#frame(FIN | CLOSE, data)));
    return new ProtocolError(code, sentence, { ...options, farewell });
  }
}

function refuseText(): never {
  throw new TypeError("a text message has a surrogate without its other half");
}

function alikeOf(deflate: Deflate | undefined): string | undefined {
  if (deflate === undefined) return "websocket";
  return deflate.alike && `websocket ${deflate.alike}`;
}

function isOverLimit(error: unknown): boolean {
  return (error as { code?: unknown }).code === "ERR_BUFFER_TOO_LARGE";
}
