import { setImmediate } from "node:timers/promises";
import { type Bytes, Framed, toBuffer } from "@sock/codec";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  eventStream,
  type HttpAnswer,
  type HttpRequest,
  http,
  type ServerSentEvent,
  type StreamedBody,
} from "../src/index.ts";

async function* given(...events: (string | ServerSentEvent)[]) {
  yield* events;
}

async function written(...events: (string | ServerSentEvent)[]): Promise<string> {
  let text = "";
  for await (const piece of eventStream(given(...events)).body as AsyncIterable<string>) text += piece;
  return text;
}

/** What a page hears. */
interface Heard {
  type: string;
  data: string;
  lastEventId: string;
}

/** The HTML standard, 9.2.6, word by word. */
function parse(stream: string): { heard: Heard[]; retries: number[] } {
  const heard: Heard[] = [];
  const retries: number[] = [];
  let [data, type, id] = ["", "", ""];
  const lines = stream.split(/\r\n|\n|\r/);
  // What no line end has ended is discarded.
  for (const line of lines.slice(0, -1)) {
    if (line === "") {
      if (data !== "") heard.push({ type: type || "message", data: data.slice(0, -1), lastEventId: id });
      [data, type] = ["", ""];
      continue;
    }
    if (line.startsWith(":")) continue;
    const colon = line.indexOf(":");
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") type = value;
    else if (field === "data") data += `${value}\n`;
    else if (field === "id" && !value.includes("\0")) id = value;
    else if (field === "retry" && /^[0-9]+$/.test(value)) retries.push(Number(value));
  }
  return { heard, retries };
}

describe("events as they are sent", () => {
  const rows: [what: string, event: string | ServerSentEvent, text: string][] = [
    ["a string is data", "hello", "data: hello\n\n"],
    ["no data at all is data too", "", "data: \n\n"],
    [
      "all fields, in the ancestor's order",
      { data: "d", event: "e", id: "1", retry: 5, comment: "c" },
      ": c\nevent: e\nid: 1\nretry: 5\ndata: d\n\n",
    ],
    [
      "lines, whatever ends them",
      "a\nb\rc\r\nd\n\re",
      "data: a\ndata: b\ndata: c\ndata: d\ndata: \ndata: e\n\n",
    ],
    ["a line end at the end is one more line", "YHOO\n", "data: YHOO\ndata: \n\n"],
    ["a space at the beginning is kept", " third", "data:  third\n\n"],
    ["what looks like a field is data", "id: 5\nevent: x", "data: id: 5\ndata: event: x\n\n"],
    ["a comment of two lines", { comment: "a\nb" }, ": a\n: b\n\n"],
    ["retry alone", { retry: 0 }, "retry: 0\n\n"],
    ["an id that takes the last one back", { data: "x", id: "" }, "id: \ndata: x\n\n"],
    ["the names of the line ends of Unicode are text", "a\u2028b\u0085c", "data: a\u2028b\u0085c\n\n"],
  ];
  test.each(rows)("%s", async (_, event, text) => {
    expect(await written(event)).toBe(text);
  });

  test("several, one after the other", async () => {
    expect(await written("one", { comment: "test" }, "two")).toBe("data: one\n\n: test\n\ndata: two\n\n");
  });

  test("the answer says what it is, and that nobody is to keep it", () => {
    expect(eventStream(given(), { headers: { "X-Accel-Buffering": "no" } })).toMatchObject({
      headers: [
        ["Content-Type", "text/event-stream"],
        ["Cache-Control", "no-store"],
        ["X-Accel-Buffering", "no"],
      ],
    });
  });
});

describe("what cannot be sent is a TypeError, and lets go of the source", () => {
  const rows: [what: string, event: unknown][] = [
    ["a line end in an id", { data: "x", id: "1\ndata: evil" }],
    ["a carriage return in an id", { data: "x", id: "1\r" }],
    ["NUL in an id", { data: "x", id: "1\0" }],
    ["a line end in an event's name", { data: "x", event: "a\n\ndata: evil" }],
    ["an event without data", { event: "a" }],
    ["nothing", {}],
    ["an object for data", { data: { a: 1 } }],
    ["retry that is no whole number", { retry: 1.5 }],
    ["retry below nothing", { retry: -1 }],
    ["retry as text", { retry: "1\nid: 2" }],
  ];
  test.each(rows)("%s", async (_, event) => {
    let isLeft = false;
    async function* source() {
      try {
        yield event as ServerSentEvent;
      } finally {
        isLeft = true;
      }
    }
    const wire = serve(() => eventStream(source()));
    wire.receive(GET);
    await setImmediate();
    expect(wire.error).toBeInstanceOf(TypeError);
    expect(isLeft).toBe(true);
    expect(wire.sent).not.toContain("evil");
  });
});

test("what was written, read as the standard says, is what was meant", async () => {
  const line = fc.string({ unit: fc.constantFrom(..."ab :\0é😀", "data", "id", "\u2028"), maxLength: 6 });
  const oneLine = line.filter((text) => !text.includes("\0"));
  const text = fc
    .array(fc.tuple(line, fc.constantFrom("", "\n", "\r", "\r\n")), { maxLength: 4 })
    .map((parts) => parts.flat().join(""));
  const event = fc.record(
    {
      data: text,
      event: oneLine,
      id: oneLine,
      retry: fc.nat(),
      comment: text,
    },
    { requiredKeys: ["data"] },
  );
  const events = fc.array(fc.oneof(text, event, fc.record({ comment: text })), { maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(events, async (events) => {
      const { heard, retries } = parse(await written(...events));
      let lastEventId = "";
      const meant: Heard[] = [];
      for (const given of events) {
        const { data, event, id } = (typeof given === "string" ? { data: given } : given) as ServerSentEvent;
        lastEventId = id ?? lastEventId;
        if (data === undefined) continue;
        const lines = data.split(/\r\n|\n|\r/).join("\n");
        meant.push({ type: event || "message", data: lines, lastEventId });
      }
      expect(heard).toEqual(meant);
      expect(retries).toEqual(
        events.flatMap((event) => (typeof event === "object" && "retry" in event ? [event.retry] : [])),
      );
    }),
  );
});

const GET = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

interface Wire {
  readonly framed: Framed<HttpRequest, HttpAnswer>;
  sent: string;
  error: unknown;
  receive(text: string): void;
  ping(): void;
}

/** A connection whose answers are pulled as the engine pulls them. */
function serve(answer: (request: HttpRequest) => HttpAnswer): Wire {
  const pull = async (stream: AsyncIterator<Bytes>) => {
    try {
      for (;;) {
        const { done, value } = await stream.next();
        if (done) return;
        wire.sent += toBuffer(value);
      }
    } catch (error) {
      wire.error = error;
      framed.closed();
    }
  };
  const framed: Wire["framed"] = new Framed<HttpRequest, HttpAnswer>(http({ date: false }), {
    message: (request) => framed.send(answer(request)),
    write(encoded) {
      if (typeof encoded === "object" && Symbol.asyncIterator in encoded)
        void pull(encoded[Symbol.asyncIterator]());
      else wire.sent += toBuffer(encoded);
    },
    failed() {},
  });
  framed.start();
  const wire: Wire = {
    framed,
    sent: "",
    error: undefined,
    receive: (text) => framed.receive(Buffer.from(text)),
    ping: () => {
      wire.sent += toBuffer(framed.codec.ping!());
    },
  };
  return wire;
}

/** Waits for what it is told to say. */
class Source implements AsyncIterable<string>, AsyncIterator<string, undefined> {
  isLeft = false;
  #resolve: (result: IteratorResult<string, undefined>) => void = () => {};

  [Symbol.asyncIterator]() {
    return this;
  }

  next() {
    return new Promise<IteratorResult<string, undefined>>((resolve) => {
      this.#resolve = resolve;
    });
  }

  async return() {
    this.isLeft = true;
    return { done: true as const, value: undefined };
  }

  async say(text: string) {
    // Until somebody waits for it.
    await setImmediate();
    this.#resolve({ done: false, value: text });
    await setImmediate();
  }

  async end() {
    this.#resolve({ done: true, value: undefined });
    await setImmediate();
  }
}

describe("a sign of life", () => {
  const bodyOf = ({ sent }: Wire) => sent.slice(sent.indexOf("\r\n\r\n") + 4);

  test("is a comment, in a chunk of its own between two events", async () => {
    const source = new Source();
    const wire = serve(() => eventStream(source));
    wire.ping();
    expect(wire.sent).toBe("");
    wire.receive(GET);
    await setImmediate();
    wire.ping();
    await source.say("hello");
    wire.ping();
    await source.end();
    wire.ping();
    const comment = "3\r\n:\n\n\r\n";
    expect(bodyOf(wire)).toBe(`${comment}d\r\ndata: hello\n\n\r\n${comment}0\r\n\r\n`);
  });

  test("to HTTP/1.0, whose stream ends with the connection, it is only a comment", async () => {
    const source = new Source();
    const wire = serve(() => eventStream(source));
    wire.receive(GET.replace("1.1", "1.0"));
    await source.say("hello");
    wire.ping();
    expect(bodyOf(wire)).toBe("data: hello\n\n:\n\n");
  });

  test("is sent for any body that has one, but not where its length was said", async () => {
    const source: StreamedBody = Object.assign(new Source(), { heartbeat: " " });
    const chunked = serve(() => ({ body: source }));
    chunked.receive(GET);
    await setImmediate();
    chunked.ping();
    expect(bodyOf(chunked)).toBe("1\r\n \r\n");
    const counted = serve(() => ({ headers: { "Content-Length": 5 }, body: source }));
    counted.receive(GET);
    await setImmediate();
    counted.ping();
    expect(bodyOf(counted)).toBe("");
  });

  test("does not go into any other answer", async () => {
    const wire = serve(({ path }) => (path === "/" ? { body: new Source() } : "whole"));
    wire.receive(GET.replace("/", "/whole"));
    const { length } = wire.sent;
    wire.ping();
    wire.receive(GET);
    await setImmediate();
    wire.ping();
    expect(wire.sent.slice(length)).toMatch(/^HTTP\/1\.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n$/);
  });
});

describe("when the client leaves", () => {
  test("a source that waits is left at once", async () => {
    const source = new Source();
    const wire = serve(() => eventStream(source));
    wire.receive(GET);
    await source.say("hello");
    wire.framed.closed();
    await setImmediate();
    expect(source.isLeft).toBe(true);
  });

  test("so are streams of the web that wait, whose own iterators would not notice", async () => {
    let isCancelled = false;
    const stream = new ReadableStream<string>({
      cancel() {
        isCancelled = true;
      },
    });
    const wire = serve(() => eventStream(stream));
    wire.receive(GET);
    await setImmediate();
    wire.framed.closed();
    await setImmediate();
    expect(isCancelled).toBe(true);
  });

  test("a generator that waits is told by the signal of its request", async () => {
    let isLeft = false;
    async function* ticks(signal: AbortSignal) {
      try {
        while (!signal.aborted) {
          yield "tick";
          await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
        }
      } finally {
        isLeft = true;
      }
    }
    const wire = serve(({ signal }) => eventStream(ticks(signal)));
    wire.receive(GET);
    await setImmediate();
    wire.framed.closed();
    await setImmediate();
    expect(isLeft).toBe(true);
  });

  test("HEAD asks for no events: the source is left before it has begun", async () => {
    const source = new Source();
    const wire = serve(() => eventStream(source));
    wire.receive(GET.replace("GET", "HEAD"));
    await setImmediate();
    expect(source.isLeft).toBe(true);
    expect(wire.sent).toMatch(/Content-Type: text\/event-stream\r\n[\s\S]*\r\n\r\n$/);
  });
});
