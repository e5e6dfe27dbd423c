import type { Bytes } from "./bytes.ts";

/**
 * Turns bytes into messages and messages into bytes, for one connection. `input`, `decode` and `encode` are all that a
 * plain codec is; its state lives in private fields. The optional members serve protocols with handshakes, goodbyes
 * or bodies.
 *
 * `input` and `decode` are never called inside one another, nor after `closed`.
 */
export interface Codec<In, Out = In> {
  /**
   * Length of the frame at the start of `buffer`, or 0 when it cannot be told yet.
   *
   * Looks, never writes. Called again with the same bytes plus more, so a codec may remember how far it has looked.
   * The length may exceed `buffer.length`; `input` is then not called again until that frame has been decoded.
   * @throws ProtocolError when no further byte could make the stream valid
   */
  input(buffer: Uint8Array): number;

  /**
   * Decodes exactly one frame. `undefined`: the bytes were used and there is nothing to deliver (a ping, a fragment).
   * The frame is the codec's to keep: unmask it in place, hand out views of it. A view that is kept pins the memory
   * of its whole frame, or of the chunk that the frame came in.
   * @throws ProtocolError when the frame breaks the protocol
   */
  decode(frame: Uint8Array): In | undefined;

  /**
   * The bytes of `message`, which is left as it is. A stream is pulled piece by piece as the send buffer drains; later
   * sends wait behind it, unencoded.
   * @throws TypeError when the message cannot be told in this protocol; the connection goes on
   */
  encode(message: Out): Bytes | AsyncIterable<Bytes>;

  /**
   * The peer will send no more; `rest` never became a frame (also called when it is empty). May return a last message.
   * Absent: a rest is an error, and our side ends too. Present: our side stays writable until `link.end()`.
   */
  finish?(rest: Uint8Array): In | undefined;

  /**
   * The peer has ended its side; bytes of it may still wait to be decoded, held back or behind a handler, and `finish`
   * comes behind them. For codecs that let others work for the peer: an HTTP answer under way, WebSocket's `verify`.
   */
  peerEnded?(): void;

  /** Our side wants to end: reply the goodbye, and `link.end()` when the protocol allows. The engine cuts at a deadline. */
  farewell?(why: Farewell): void;

  /** The connection is gone, or another codec has taken over. Once, last. */
  closed?(error?: Error): void;

  /** Bytes that make a living peer answer; the heartbeat sends them. */
  ping?(): Bytes;

  /** What the protocol is called, for people who look at connections: `"text"`. A getter costs a connection nothing. */
  readonly name?: string;
  /** True for a handshake: until a codec that is not opening has taken over, sends wait, unencoded and bounded. */
  readonly opening?: boolean;
  /**
   * The protocol's goodbye is out, and nothing more may be said: `send` answers `"closed"`. For WebSocket, whose client
   * says it long before its transport ends, and for HTTP, after an answer that says `Connection: close`.
   */
  readonly closing?: boolean;
  /** Peers count messages (HTTP answers): none may be dropped. */
  readonly lossless?: boolean;
  /**
   * Codecs with the same value make the same bytes of the same message, and ask nothing of their links while they do: what
   * `Prepared` is keyed by.
   */
  readonly alike?: unknown;
  /** Bytes kept between calls, the overhead of objects included. */
  readonly retained?: number;
}

/** Why our side wants to end. The codec answers with the goodbye that fits: a close code, a status. */
export type Farewell =
  /** The application closes. */
  | { why: "close"; code?: number; reason?: string }
  /** The server makes room for a new version: WebSocket 1012, `Connection: close`. */
  | { why: "drain" }
  /** The server stops: WebSocket 1001. */
  | { why: "stop" }
  /** The peer was too slow in the phase named: HTTP 408. */
  | { why: "deadline"; phase: string }
  /** The peer asked for more than it may: WebSocket 1009, HTTP 413 or 503. `limit` is in bytes, or a count a second. */
  | { why: "limit"; what: "frame" | "memory" | "rate"; limit: number }
  /** A handler threw: WebSocket 1011, HTTP 500. */
  | { why: "fault"; error: unknown };

/**
 * What a phase may last, and how slow it may be. Give the same object for the same phase: a protocol that changes phases
 * with every message makes none then.
 */
export interface PhaseLimits {
  /** Milliseconds. Absent: as long as it likes. */
  readonly within?: number;
  /**
   * Bytes that come buy time: the phase may last `within`, and as much longer as the bytes that came since it began take at
   * this rate. 500 lets 5,000 bytes take ten seconds more, as Apache's `body=20,MinRate=500`. Absent: `within` is all.
   * Means nothing without `within`.
   */
  readonly bytesPerSecond?: number;
  /**
   * That its time is up is no error: the connection is closed with the goodbye for it, and nobody is told of a fault. For
   * an HTTP connection that waits for another request.
   */
  readonly quiet?: boolean;
}

/**
 * What a codec may ask of its connection.
 *
 * What is asked inside a codec call takes effect when that call has returned, in the order it was asked: from `decode`
 * before its message is delivered (but `end` after), from `encode` after its bytes were queued. Asked at another time,
 * it takes effect at once. After `closed`, nothing does.
 */
export interface CodecLink<Note = never> {
  /** Bytes a frame may take. The user's `maxPackageSize`, unless set by a codec that has a limit of its own. */
  maxPackageSize: number;
  /** The event loop's clock, in ms. */
  now(): number;
  /** Sends bytes of the protocol's own: a pong, a 100-continue, a handshake answer. Never dropped. */
  reply(bytes: Bytes): void;
  /** Deliver nothing more, but what is decoded already or in this call … */
  hold(): void;
  /** … until now. */
  release(): void;
  /** The next codec takes over from the next unread byte on. Clears this codec's hold; this link is dead then. */
  upgrade(next: CodecFactory<unknown, never, never>): void;
  /** Close when everything is written. */
  end(): void;
  /**
   * Names the phase that begins now, and its deadline: bytes that wait to be decoded count as its own. Cheap. While the
   * user, a pipe or a full send buffer keeps the peer from being read, time stands still: it begins again afterwards. A hold
   * does not stop it.
   */
  phase(name: string, limits?: PhaseLimits): void;
  /** Tells the user something beside messages: a pong, the peer's close, the accepted request. */
  note(note: Note): void;
}

/**
 * Makes the codec of one connection; what users pass to `listen` and `connect`.
 *
 * A reply from within the factory goes out before all else, once the connection is open: a client's handshake.
 */
export type CodecFactory<In, Out = In, Note = never> = (link: CodecLink<Note>) => Codec<In, Out>;
