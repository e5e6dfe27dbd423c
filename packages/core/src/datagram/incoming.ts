import { type Bytes, type CodecFactory, Framed, type FramedPhase, type FramedSink } from "@sock/codec";

/** Who takes what a datagram gives. */
export interface IncomingOwner<In, Note, Self> {
  message(self: Self, message: In): unknown;
  note(self: Self, note: Note): void;
  reply(self: Self, bytes: Bytes): void;
  failed(self: Self, error: unknown, phase: FramedPhase): void;
  /** All of it was used, and every handler is through. Once. */
  done(): void;
  now(): number;
}

/** One datagram that came: a stream that begins and ends with it. */
export class Incoming<In, Note, Self> implements FramedSink<In, Note> {
  readonly #owner: IncomingOwner<In, Note, Self>;
  readonly #self: Self;
  #framed: Framed<In, never, Note> | undefined;
  #isDone = false;

  /** @param self what handlers are given */
  constructor(owner: IncomingOwner<In, Note, Self>, self: Self) {
    this.#owner = owner;
    this.#self = self;
  }

  decode(bytes: Buffer, codec: CodecFactory<In, never, Note>, maxPackageSize: number): void {
    try {
      this.#framed = new Framed(codec, this, { maxPackageSize });
    } catch (error) {
      return this.failed(error, "factory");
    }
    this.#framed.start();
    this.#framed.receive(bytes);
    this.#framed.finish();
  }

  message(message: In): unknown {
    return this.#owner.message(this.#self, message);
  }

  note(note: Note): void {
    this.#owner.note(this.#self, note);
  }

  reply(bytes: Bytes): void {
    this.#owner.reply(this.#self, bytes);
  }

  /** Nothing is sent by way of it. */
  write(): void {}

  now(): number {
    return this.#owner.now();
  }

  ended(): void {
    this.#done();
  }

  failed(error: unknown, phase: FramedPhase): void {
    this.#owner.failed(this.#self, error, phase);
    if (phase !== "closed") this.#done();
  }

  #done(): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#framed?.closed();
    this.#owner.done();
  }
}
