import { type Bytes, type Codec, type CodecFactory, type CodecLink, ProtocolError } from "@sock/codec";

const LF = 10;

/** Lines of latin1. */
export class Lines implements Codec<string> {
  protected searched = 0;

  input(buffer: Uint8Array): number {
    const at = buffer.indexOf(LF, this.searched);
    this.searched = at === -1 ? buffer.length : 0;
    return at + 1;
  }

  decode(line: Uint8Array): string {
    return Buffer.from(line.subarray(0, -1)).toString("latin1");
  }

  encode(message: string): Bytes {
    return Buffer.from(`${message}\n`, "latin1");
  }
}

/** A length in two bytes, itself not counted, and so many bytes. The message is a view. */
export class Sized implements Codec<Uint8Array> {
  input(buffer: Uint8Array): number {
    return buffer.length < 2 ? 0 : 2 + lengthAt(buffer);
  }

  decode(frame: Uint8Array): Uint8Array {
    return frame.subarray(2);
  }

  encode(message: Uint8Array): Bytes {
    return [Buffer.of(message.length >> 8, message.length & 255), message];
  }
}

export function lengthAt(buffer: Uint8Array): number {
  return buffer[0]! * 256 + buffer[1]!;
}

/** Three kinds of frames: the pieces of a message, a ping that is answered, a goodbye that is answered too. */
export const PIECE = 1;
export const LAST = 2;
export const PING = 3;
export const PONG = 4;
export const BYE = 5;

/** As WebSocket in small: kind, length, bytes. Messages are gathered from pieces of at most three bytes. */
export class Pieces implements Codec<Uint8Array> {
  protected readonly link: CodecLink<string>;
  protected pieces: Uint8Array[] = [];
  retained = 0;
  #said = false;

  constructor(link: CodecLink<string>) {
    this.link = link;
  }

  input(buffer: Uint8Array): number {
    const [kind = PIECE, length] = buffer;
    if (kind < PIECE || kind > BYE)
      throw new ProtocolError("KIND", `there is no kind ${kind}`, { farewell: "?" });
    return length === undefined ? 0 : 2 + length;
  }

  decode(frame: Uint8Array): Uint8Array | undefined {
    const bytes = frame.subarray(2);
    switch (frame[0]) {
      case PING:
        this.link.reply([Buffer.of(PONG, bytes.length), bytes]);
        return undefined;
      case PONG:
        this.link.note(Buffer.from(bytes).toString("hex"));
        return undefined;
      case BYE:
        this.sayGoodbye();
        this.link.end();
        return undefined;
      default:
        return this.gather(frame[0] === LAST, bytes);
    }
  }

  protected gather(isLast: boolean, bytes: Uint8Array): Uint8Array | undefined {
    this.pieces.push(bytes);
    // A view of a frame takes about so much beside its bytes.
    this.retained += bytes.length + 128;
    if (this.retained > this.link.maxPackageSize)
      throw new ProtocolError("TOO_LARGE", "the message is too large");
    return isLast ? this.gathered() : undefined;
  }

  protected gathered(): Uint8Array {
    const message = Buffer.concat(this.pieces);
    this.pieces = [];
    this.retained = 0;
    return message;
  }

  encode(message: Uint8Array): Bytes {
    const frames: Uint8Array[] = [];
    for (let at = 0; at + 3 < message.length; at += 3) {
      frames.push(Buffer.of(PIECE, 3), message.subarray(at, at + 3), Buffer.of(PING, 1, at & 255));
    }
    const rest = message.subarray(message.length - ((message.length - 1) % 3) - 1);
    return [...frames, Buffer.of(LAST, message.length === 0 ? 0 : rest.length), rest];
  }

  finish(rest: Uint8Array): undefined {
    this.link.end();
    if (rest.length > 0) throw new ProtocolError("CUT_OFF", "the stream broke off");
  }

  farewell(): void {
    this.sayGoodbye();
  }

  closed(): void {
    this.pieces = [];
  }

  protected sayGoodbye(): void {
    if (!this.#said) this.link.reply(Buffer.of(BYE, 0));
    this.#said = true;
  }
}

/** Both sides greet with a line before messages flow, the client first. */
export function greeting<Message>(
  role: "client" | "server",
  next: CodecFactory<Message, Message, string>,
): CodecFactory<Message, Message, string> {
  return (link) => {
    if (role === "client") link.reply("hello\n");
    return new Greeting(link, role, next);
  };
}

class Greeting<Message> implements Codec<Message> {
  readonly opening = true;
  readonly #lines = new Lines();
  readonly #link: CodecLink<string>;
  readonly #role: "client" | "server";
  readonly #next: CodecFactory<Message, Message, string>;

  constructor(
    link: CodecLink<string>,
    role: "client" | "server",
    next: CodecFactory<Message, Message, string>,
  ) {
    this.#link = link;
    this.#role = role;
    this.#next = next;
  }

  input(buffer: Uint8Array): number {
    return this.#lines.input(buffer);
  }

  decode(frame: Uint8Array): undefined {
    const line = this.#lines.decode(frame);
    if (line !== "hello")
      throw new ProtocolError("GREETING", `"${line}" is no greeting`, { farewell: "bye\n" });
    if (this.#role === "server") this.#link.reply("hello\n");
    this.#link.upgrade(this.#next);
  }

  encode(): Bytes {
    throw new Error("nothing is sent before the greeting");
  }
}

/** Answers lines with lines, in order: it delivers no line before the one before it was answered. */
export class Answering extends Lines {
  readonly #link: CodecLink;

  constructor(link: CodecLink) {
    super();
    this.#link = link;
  }

  override decode(line: Uint8Array): string {
    this.#link.hold();
    return super.decode(line);
  }

  override encode(answer: string): Bytes {
    this.#link.release();
    return super.encode(answer);
  }
}

/** Asks lines, and takes no answer that it has not asked for. */
export class Asking extends Lines {
  #asked = 0;

  override decode(line: Uint8Array): string {
    if (this.#asked === 0) throw new ProtocolError("UNASKED", "nothing was asked");
    this.#asked -= 1;
    return super.decode(line);
  }

  override encode(question: string): Bytes {
    this.#asked += 1;
    return super.encode(question);
  }
}

/** A message whose bytes come and go piece by piece. */
export interface Parcel {
  name: string;
  body: AsyncIterable<Uint8Array>;
}

/** A line with the parcel's name, and its body: a length in one byte and so many bytes, until a length of 0. */
export class Parcels implements Codec<Parcel> {
  protected readonly link: CodecLink;
  protected body: Body | undefined;
  #searched = 0;

  constructor(link: CodecLink) {
    this.link = link;
  }

  get retained(): number {
    return this.body?.waiting ?? 0;
  }

  input(buffer: Uint8Array): number {
    if (this.body) return 1 + buffer[0]!;
    const at = buffer.indexOf(LF, this.#searched);
    this.#searched = at === -1 ? buffer.length : 0;
    return at + 1;
  }

  decode(frame: Uint8Array): Parcel | undefined {
    if (!this.body) {
      this.body = this.newBody();
      return { name: Buffer.from(frame.subarray(0, -1)).toString("latin1"), body: this.body };
    }
    if (frame.length === 1) {
      this.body.end();
      this.body = undefined;
    } else {
      this.body.push(frame.subarray(1));
    }
    return undefined;
  }

  async *encode({ name, body }: Parcel): AsyncIterable<Bytes> {
    yield Buffer.from(`${name}\n`, "latin1");
    for await (const piece of body) if (piece.length > 0) yield [Buffer.of(piece.length), piece];
    yield Buffer.of(0);
  }

  finish(rest: Uint8Array): undefined {
    this.link.end();
    if (this.body || rest.length > 0) throw new ProtocolError("CUT_OFF", "the parcel broke off");
  }

  closed(): void {
    this.body?.fail(new Error("the parcel broke off"));
  }

  protected newBody(): Body {
    return new Body(this.link);
  }
}

/** Holds the connection while pieces wait. */
export class Body implements AsyncIterable<Uint8Array> {
  readonly #link: CodecLink;
  #pieces: Uint8Array[] = [];
  #isEnded = false;
  #error: Error | undefined;
  #wake = () => {};

  constructor(link: CodecLink) {
    this.#link = link;
  }

  get waiting(): number {
    return this.#pieces.reduce((sum, piece) => sum + piece.length + 64, 0);
  }

  push(piece: Uint8Array): void {
    this.#pieces.push(piece);
    if (this.waiting > 1024) this.#link.hold();
    this.#wake();
  }

  end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  fail(error: Error): void {
    this.#error = error;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    for (;;) {
      const pieces = this.#pieces;
      this.#pieces = [];
      if (pieces.length > 0) this.#link.release();
      yield* pieces;
      if (this.#pieces.length > 0) continue;
      if (this.#error) throw this.#error;
      if (this.#isEnded) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
