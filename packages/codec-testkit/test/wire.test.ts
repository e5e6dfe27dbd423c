import type { CodecFactory } from "@sock/codec";
import { describe, expect, test } from "vitest";
import { Endpoint, Wire, type WireOptions } from "../src/index.ts";
import { Answering, Asking, greeting, Lines, type Parcel, Parcels, Pieces } from "./codecs.ts";

const pieces: CodecFactory<Uint8Array, Uint8Array, string> = (link) => new Pieces(link);
const parcels: CodecFactory<Parcel> = (link) => new Parcels(link);

test("what one end sends the other receives", async () => {
  const wire = join(() => new Lines());
  wire.far.send("hello");
  wire.far.send("again");
  wire.near.send("hi");
  await wire.quiet();
  expect(wire.near.messages).toEqual(["hello", "again"]);
  expect(wire.far.messages).toEqual(["hi"]);
  expect(wire.carried).toEqual(Buffer.from("hello\nagain\n"));
});

test.each([[[1]], [[2, 3]], [[100]], [undefined]])("in chunks of %j, the same happens", async (chunks) => {
  const wire = join(pieces, pieces, chunks ? { chunks } : {});
  wire.far.send(Buffer.from("1234567"));
  wire.far.send(Buffer.from(""));
  await wire.quiet();
  expect(wire.near.messages).toEqual([Buffer.from("1234567"), Buffer.from("")]);
  // Two pings among the pieces, and what came of them at the other end.
  expect(wire.near.replies).toEqual(Buffer.of(4, 1, 0, 4, 1, 3));
  expect(wire.far.notes).toEqual(["00", "03"]);
});

describe("a handshake", () => {
  const server = greeting("server", pieces);
  const client = greeting("client", pieces);

  test("is over before messages are sent", async () => {
    const wire = join(server, client, { chunks: [1] });
    wire.far.send(Buffer.from("1"));
    wire.near.send(Buffer.from("2"));
    expect(wire.far.isOpened).toBe(false);
    await wire.quiet();
    expect(wire.near.happenings.map(({ what }) => what)).toEqual(["reply", "opened", "message"]);
    expect(wire.far.messages).toEqual([Buffer.from("2")]);
  });

  test("that fails says its farewell to the other end, and both are closed", async () => {
    const wire = join(server, () => new Lines());
    wire.far.send("good day");
    wire.far.send("never read");
    await wire.quiet();
    expect(wire.near.failure).toMatchObject({ code: "GREETING", phase: "decode" });
    expect(wire.far.messages).toEqual(["bye"]);
    expect([wire.near.isClosed, wire.far.isClosed]).toEqual([true, true]);
  });
});

describe("the end", () => {
  test("is answered at once by a codec without a goodbye", async () => {
    const wire = join(() => new Lines());
    wire.far.send("last");
    wire.far.farewell();
    await wire.quiet();
    expect(wire.near.messages).toEqual(["last"]);
    expect([wire.near.isClosed, wire.far.isClosed]).toEqual([true, true]);
  });

  test("is a goodbye of both sides for a codec that has one", async () => {
    const wire = join(pieces);
    wire.far.farewell();
    await wire.quiet();
    expect(wire.carried).toEqual(Buffer.of(5, 0));
    expect(wire.near.replies).toEqual(Buffer.of(5, 0));
    expect([wire.near.isClosed, wire.far.isClosed]).toEqual([true, true]);
    expect([wire.near.failure, wire.far.failure]).toEqual([undefined, undefined]);
  });

  test("within a frame is a failure", () => {
    const near = new Endpoint(() => new Lines()).start();
    near.receive(Buffer.from("hal"));
    near.finish();
    expect(near.failure?.code).toBe("UNEXPECTED_END");
  });
});

describe("streams", () => {
  test("are pulled and read to their ends, and later messages wait behind them", async () => {
    const wire = join(parcels, parcels, { chunks: [2] });
    wire.far.send({ name: "a", body: piecewise("12", "345") });
    wire.far.send({ name: "b", body: piecewise() });
    expect(wire.far.take()).toEqual(Buffer.alloc(0));
    await wire.quiet();
    expect(wire.near.messages).toEqual([
      { name: "a", body: Buffer.from("12345") },
      { name: "b", body: Buffer.alloc(0) },
    ]);
  });

  test("that break off are read as far as they came", async () => {
    const near = new Endpoint(parcels).start();
    near.receive(Buffer.from("a\n\x021"));
    near.receive(Buffer.from("2\x053"));
    near.finish();
    await new Promise(setImmediate);
    const error = new Error("the parcel broke off");
    expect(near.messages).toEqual([
      { name: "a", body: { outcome: "thrown", content: Buffer.from("12"), error } },
    ]);
  });

  test("that throw end the connection", async () => {
    const wire = join(parcels);
    const body = (async function* () {
      yield Buffer.from("1");
      throw new Error("the file is gone");
    })();
    wire.far.send({ name: "a", body });
    await wire.quiet();
    expect(wire.far.failure).toMatchObject({ phase: "encode", error: new Error("the file is gone") });
    expect([wire.near.isClosed, wire.far.isClosed]).toEqual([true, true]);
  });
});

test("handlers answer, now or later", async () => {
  const near = new Endpoint((link) => new Answering(link), {
    read: async (line: string) => line.toUpperCase(),
    answer: (line: string) => `${line}!`,
  });
  const wire = new Wire(near, new Endpoint(() => new Asking()));
  for (const line of ["a", "b", "c"]) wire.far.send(line);
  await wire.quiet();
  expect(near.messages).toEqual(["A", "B", "C"]);
  expect(wire.far.messages).toEqual(["a!", "b!", "c!"]);
});

describe("a handler that throws", () => {
  const error = new Error("no such user");
  const refuse = () => {
    throw error;
  };

  test.each([
    ["when it reads", { read: refuse }],
    ["when it answers", { answer: refuse }],
    ["when it answers later", { read: async (line: string) => line, answer: refuse }],
  ])("%s ends the connection", async (_, options) => {
    const near = new Endpoint(() => new Lines(), options).start();
    near.receive(Buffer.from("a\nb\n"));
    await new Promise(setImmediate);
    expect(near.failure).toEqual({ what: "failed", phase: "message", error });
    expect(near.isClosed).toBe(true);
  });

  test("when it reads later has not read the message", async () => {
    const near = new Endpoint(() => new Lines(), { read: async () => refuse() }).start();
    near.receive(Buffer.from("a\n"));
    await new Promise(setImmediate);
    expect(near.messages).toEqual([{ outcome: "thrown", content: "not read yet", error }]);
  });
});

test("a message that cannot be told is the sender's error, and nothing ends", () => {
  class Shy extends Lines {
    override encode(): never {
      throw new TypeError("it says nothing");
    }
  }
  const near = new Endpoint(() => new Shy()).start();
  expect(() => near.send("a")).toThrow(TypeError);
  expect(near.isClosed).toBe(false);
});

test("two ends that answer each other for ever are stopped", async () => {
  class Parrot extends Lines {
    readonly #link: { reply(bytes: string): void };

    constructor(link: { reply(bytes: string): void }) {
      super();
      this.#link = link;
    }

    override decode(line: Uint8Array): string {
      this.#link.reply("polly\n");
      return super.decode(line);
    }
  }
  const wire = join((link) => new Parrot(link));
  wire.far.send("polly");
  await expect(wire.quiet()).rejects.toThrow("without end");
});

test("no clock runs, but the one that is set", () => {
  const seen: number[] = [];
  const near = new Endpoint<string>((link) => {
    seen.push(link.now());
    return Object.assign(new Lines(), { farewell: () => void seen.push(link.now()) });
  }).start();
  near.now = 42;
  near.farewell();
  expect(seen).toEqual([0, 42]);
});

function join<Near, Far = Near>(
  near: CodecFactory<Near, Near, string>,
  far?: CodecFactory<Far, Far, string>,
  options?: WireOptions,
) {
  // Without another codec the far end has the near one's.
  const other = far ?? (near as unknown as CodecFactory<Far, Far, string>);
  return new Wire(new Endpoint(near), new Endpoint(other), options);
}

async function* piecewise(...pieces: string[]): AsyncIterable<Uint8Array> {
  for (const piece of pieces) yield Buffer.from(piece);
}
