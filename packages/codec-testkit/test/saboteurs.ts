import { type Bytes, type Codec, type CodecLink, ProtocolError } from "@sock/codec";
import type { LawName } from "../src/index.ts";
import { Body, Lines, lengthAt, type Parcel, Parcels, Pieces, Sized } from "./codecs.ts";

/** A codec that is broken in one way. */
export interface Saboteur {
  codec: (link: CodecLink<string>) => Codec<unknown, never>;
  messages: "lines" | "bytes" | "parcels";
  /** Laws that notice it, with any seed. */
  caughtBy: LawName[];
  /** Laws that may notice it as well. All others never do. */
  perhapsBy?: LawName[];
}

export const saboteurs: Record<string, Saboteur> = {
  "reads past its frame": {
    codec: () => new ReadsPastItsFrame(),
    messages: "bytes",
    caughtBy: [
      "what is encoded is decoded",
      "chunk boundaries change nothing",
      "a frame ends where it ends, whatever follows",
    ],
    // What lies behind a frame in memory is a matter of luck.
    perhapsBy: ["input only looks", "connections share no state"],
  },
  "trusts that its frame begins its memory": {
    codec: () => new TrustsItsMemory(),
    messages: "bytes",
    caughtBy: ["what is encoded is decoded", "chunk boundaries change nothing"],
    perhapsBy: [
      "a frame ends where it ends, whatever follows",
      "input only looks",
      "connections share no state",
    ],
  },
  "decodes what it was shown": {
    codec: () => new DecodesWhatItWasShown(),
    messages: "bytes",
    caughtBy: ["chunk boundaries change nothing", "input only looks"],
  },
  "forgets to reset its search": {
    codec: () => new ForgetsToReset(),
    messages: "lines",
    caughtBy: ["chunk boundaries change nothing", "input only looks"],
  },
  "writes while looking": {
    codec: () => new WritesWhileLooking(),
    messages: "bytes",
    caughtBy: ["input only looks"],
  },
  "answers otherwise when asked again": {
    codec: () => new AnswersOtherwise(),
    messages: "lines",
    caughtBy: ["input only looks"],
  },
  "throws a plain error on garbage": {
    codec: (link) => new ThrowsPlainErrors(link),
    messages: "bytes",
    caughtBy: ["garbage is refused"],
  },
  "throws a plain error at the end": {
    codec: (link) => new ThrowsAtTheEnd(link),
    messages: "bytes",
    caughtBy: ["garbage is refused"],
  },
  "throws a plain error when it should say goodbye": {
    codec: (link) => new ThrowsAtGoodbye(link),
    messages: "bytes",
    caughtBy: ["what is encoded is decoded", "garbage is refused"],
  },
  "shares what it gathers with others": {
    codec: (link) => new SharesPieces(link),
    messages: "bytes",
    caughtBy: ["connections share no state"],
  },
  "numbers messages across connections": {
    codec: () => new SharesNumbers(),
    messages: "bytes",
    caughtBy: ["connections share no state"],
  },
  "drops a byte": {
    codec: () => new DropsAByte(),
    messages: "bytes",
    caughtBy: ["what is encoded is decoded"],
  },
  "loses the last piece": {
    codec: (link) => new LosesTheLastPiece(link),
    messages: "bytes",
    caughtBy: ["what is encoded is decoded"],
  },
  "leaves something behind its message": {
    codec: () => new LeavesARest(),
    messages: "bytes",
    caughtBy: ["what is encoded is decoded"],
  },
  "encodes into the same memory again": {
    codec: () => new EncodesIntoOneMemory(),
    messages: "bytes",
    caughtBy: ["what is encoded is decoded"],
  },
  "streams from the same memory again": {
    codec: (link) => new StreamsFromOneMemory(link),
    messages: "parcels",
    caughtBy: ["what is encoded is decoded"],
  },
  "hands out the same memory again": {
    codec: () => new HandsOutOneMemory(),
    messages: "bytes",
    caughtBy: ["what is encoded is decoded"],
  },
  "masks the caller's data": {
    codec: () => new MasksTheCaller(),
    messages: "bytes",
    caughtBy: ["encode leaves the message alone"],
    // A message that is sent twice is another the second time.
    perhapsBy: ["connections share no state"],
  },
  "decides from the byte after the frame": {
    codec: () => new LooksAtTheNextByte(),
    messages: "lines",
    caughtBy: [
      "what is encoded is decoded",
      "chunk boundaries change nothing",
      "a frame ends where it ends, whatever follows",
    ],
    perhapsBy: ["input only looks"],
  },
  "waits for the byte after the frame": {
    codec: () => new WaitsForTheNextByte(),
    messages: "lines",
    caughtBy: ["what is encoded is decoded", "a frame ends where it ends, whatever follows"],
  },
  "knows whether it had to wait": {
    codec: () => new KnowsThatItWaited(),
    messages: "bytes",
    caughtBy: ["chunk boundaries change nothing", "input only looks"],
  },
  "answers at once only what came at once": {
    codec: (link) => new AnswersWhatCameAtOnce(link),
    messages: "bytes",
    caughtBy: ["chunk boundaries change nothing", "a frame ends where it ends, whatever follows"],
    perhapsBy: ["input only looks"],
  },
  "gathers without bound": {
    codec: (link) => new GathersWithoutBound(link),
    messages: "bytes",
    caughtBy: ["memory is bounded"],
  },
  "hoards and does not tell": {
    codec: () => new Hoards(),
    messages: "bytes",
    caughtBy: ["memory is bounded"],
  },
  "searches from the start again": {
    codec: () => new SearchesAgain(),
    messages: "lines",
    caughtBy: ["time grows with size"],
  },
  "counts all that it has at each piece": {
    codec: (link) => new CountsAtEachPiece(link),
    messages: "bytes",
    caughtBy: ["time grows with size"],
  },
  "tells that it was closed": {
    codec: (link) => new TellsThatItWasClosed(link),
    messages: "bytes",
    caughtBy: ["after the end, nothing"],
  },
  "replies when it is too late": {
    codec: (link) => new RepliesTooLate(link),
    messages: "bytes",
    caughtBy: ["after the end, nothing"],
    perhapsBy: ["chunk boundaries change nothing", "input only looks", "connections share no state"],
  },
  "leaves an iterator open": {
    codec: (link) => new LeavesAnIteratorOpen(link),
    messages: "parcels",
    caughtBy: ["after the end, nothing"],
  },
  "leaves a later iterator open": {
    codec: (link) => new LeavesALaterIteratorOpen(link),
    messages: "parcels",
    caughtBy: ["after the end, nothing"],
  },
};

class ReadsPastItsFrame extends Sized {
  override decode(frame: Uint8Array): Uint8Array {
    const end = frame.byteOffset + frame.length;
    return Buffer.from(frame.buffer.slice(frame.byteOffset + 2, end + 1));
  }
}

class TrustsItsMemory extends Sized {
  override decode(frame: Uint8Array): Uint8Array {
    return Buffer.from(frame.buffer.slice(2, frame.length));
  }
}

class DecodesWhatItWasShown extends Sized {
  #shown: Uint8Array = Buffer.alloc(0);

  override input(buffer: Uint8Array): number {
    this.#shown = buffer;
    return super.input(buffer);
  }

  override decode(frame: Uint8Array): Uint8Array {
    return this.#shown.subarray(2, frame.length);
  }
}

class ForgetsToReset extends Lines {
  override input(buffer: Uint8Array): number {
    const at = buffer.indexOf(0x0a, this.searched);
    if (at === -1) this.searched = buffer.length;
    return at + 1;
  }
}

/** Marks the frames that it has seen. */
class WritesWhileLooking extends Sized {
  override input(buffer: Uint8Array): number {
    if (buffer.length < 2) return 0;
    const length = 2 + (lengthAt(buffer) & 0x7fff);
    buffer[0]! |= 0x80;
    return length;
  }
}

class AnswersOtherwise extends Lines {
  #answered = false;

  override input(buffer: Uint8Array): number {
    if (this.#answered) return 0;
    const length = super.input(buffer);
    this.#answered = length > 0;
    return length;
  }

  override decode(line: Uint8Array): string {
    this.#answered = false;
    return super.decode(line);
  }
}

class ThrowsPlainErrors extends Pieces {
  override input(buffer: Uint8Array): number {
    if (buffer[0]! > 5) throw new Error("there is no such kind");
    return super.input(buffer);
  }
}

class ThrowsAtTheEnd extends Pieces {
  override finish(rest: Uint8Array): undefined {
    if (rest.length === 1) throw new RangeError("the length is missing");
    super.finish(rest);
  }
}

class ThrowsAtGoodbye extends Pieces {
  override farewell(): void {
    throw new Error("it cannot part");
  }
}

class SharesPieces extends Pieces {
  static shared: Uint8Array[] = [];

  protected override gather(isLast: boolean, bytes: Uint8Array): Uint8Array | undefined {
    this.pieces = SharesPieces.shared;
    const message = super.gather(isLast, bytes);
    if (isLast) SharesPieces.shared = [];
    return message;
  }

  override closed(): void {
    SharesPieces.shared = [];
  }
}

class SharesNumbers extends Sized {
  static sent = 0;
  #received = 0;

  constructor() {
    super();
    SharesNumbers.sent = 0;
  }

  override decode(frame: Uint8Array): Uint8Array {
    if (frame[2] !== this.#received++) throw new ProtocolError("NUMBER", "a message is missing");
    return frame.subarray(3);
  }

  override encode(message: Uint8Array): Bytes {
    return super.encode(Buffer.of(SharesNumbers.sent++, ...message));
  }
}

class DropsAByte extends Sized {
  override decode(frame: Uint8Array): Uint8Array {
    return frame.length > 8 ? frame.subarray(2, -1) : frame.subarray(2);
  }
}

class LosesTheLastPiece extends Pieces {
  override encode(message: Uint8Array): Bytes {
    return super.encode(message.length % 3 === 1 ? message.subarray(0, -1) : message);
  }
}

class LeavesARest extends Sized {
  override encode(message: Uint8Array): Bytes {
    return [...(super.encode(message) as Uint8Array[]), Buffer.of(0)];
  }
}

class EncodesIntoOneMemory extends Sized {
  readonly #memory = Buffer.alloc(64);

  override encode(message: Uint8Array): Bytes {
    this.#memory.writeUInt16BE(message.length);
    this.#memory.set(message, 2);
    return this.#memory.subarray(0, 2 + message.length);
  }
}

class StreamsFromOneMemory extends Parcels {
  readonly #length = Buffer.alloc(1);

  override async *encode({ name, body }: Parcel): AsyncIterable<Bytes> {
    yield Buffer.from(`${name}\n`, "latin1");
    for await (const piece of body) {
      this.#length[0] = piece.length;
      if (piece.length > 0) yield [this.#length, piece];
    }
    yield Buffer.of(0);
  }
}

class HandsOutOneMemory extends Sized {
  readonly #memory = Buffer.alloc(1 << 16);

  override decode(frame: Uint8Array): Uint8Array {
    this.#memory.set(frame.subarray(2));
    return this.#memory.subarray(0, frame.length - 2);
  }
}

class MasksTheCaller extends Sized {
  override decode(frame: Uint8Array): Uint8Array {
    return super.decode(masked(frame, 2));
  }

  override encode(message: Uint8Array): Bytes {
    return super.encode(masked(message));
  }
}

function masked(bytes: Uint8Array, from = 0): Uint8Array {
  for (let at = from; at < bytes.length; at++) bytes[at]! ^= 0x55;
  return bytes;
}

/** Folds lines: one that begins with a high character continues the one before. */
class LooksAtTheNextByte extends Lines {
  override input(buffer: Uint8Array): number {
    const end = super.input(buffer);
    return end > 0 && buffer[end]! >= 0x80 ? end + 1 : end;
  }
}

class WaitsForTheNextByte extends Lines {
  override input(buffer: Uint8Array): number {
    const end = super.input(buffer);
    return end < buffer.length ? end : 0;
  }

  finish(rest: Uint8Array): string | undefined {
    if (rest.length === 0) return undefined;
    if (super.input(rest) !== rest.length) throw new ProtocolError("CUT_OFF", "the last line is cut off");
    return this.decode(rest);
  }
}

class KnowsThatItWaited extends Sized {
  #waited = false;

  override input(buffer: Uint8Array): number {
    const length = super.input(buffer);
    this.#waited ||= length === 0 || length > buffer.length;
    return length;
  }

  override decode(frame: Uint8Array): Uint8Array {
    const message = this.#waited ? new Uint8Array(super.decode(frame)) : super.decode(frame);
    this.#waited = false;
    return message;
  }
}

class AnswersWhatCameAtOnce extends Pieces {
  #last = 0;

  override input(buffer: Uint8Array): number {
    this.#last = buffer.length;
    return super.input(buffer);
  }

  override decode(frame: Uint8Array): Uint8Array | undefined {
    if (frame[0] === 3 && this.#last === frame.length) return undefined;
    return super.decode(frame);
  }
}

class GathersWithoutBound extends Pieces {
  protected override gather(isLast: boolean, bytes: Uint8Array): Uint8Array | undefined {
    this.pieces.push(bytes);
    this.retained += bytes.length;
    return isLast ? this.gathered() : undefined;
  }
}

class Hoards extends Sized {
  readonly #all: Uint8Array[] = [];

  override decode(frame: Uint8Array): Uint8Array {
    this.#all.push(frame);
    return super.decode(frame);
  }
}

class SearchesAgain extends Lines {
  override input(buffer: Uint8Array): number {
    return buffer.indexOf(0x0a) + 1;
  }
}

class CountsAtEachPiece extends Pieces {
  protected override gather(isLast: boolean, bytes: Uint8Array): Uint8Array | undefined {
    this.retained = this.pieces.reduce((sum, piece) => sum + piece.length, 0);
    return super.gather(isLast, bytes);
  }
}

class TellsThatItWasClosed extends Pieces {
  override closed(): void {
    this.link.note("closed");
  }
}

class RepliesTooLate extends Pieces {
  override decode(frame: Uint8Array): Uint8Array | undefined {
    if (frame[0] !== 3) return super.decode(frame);
    void Promise.resolve().then(() => this.link.reply(Buffer.of(4, 0)));
    return undefined;
  }
}

class LeavesAnIteratorOpen extends Parcels {
  override closed(): void {}
}

class LeavesALaterIteratorOpen extends Parcels {
  override closed(): void {
    if (this.body instanceof WatchedBody && this.body.isBeingRead) super.closed();
  }

  protected override newBody(): Body {
    return new WatchedBody(this.link);
  }
}

class WatchedBody extends Body {
  isBeingRead = false;

  override [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    this.isBeingRead = true;
    return super[Symbol.asyncIterator]();
  }
}
