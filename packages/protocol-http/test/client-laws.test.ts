import type { CodecFactory } from "@sock/codec";
import { type CodecSpec, codecLaws } from "@sock/codec-testkit";
import fc from "fast-check";
import { describe, test } from "vitest";
import {
  type HttpAnswer,
  type HttpClientOptions,
  type HttpQuestion,
  type HttpRequestToSend,
  type HttpResponseReceived,
  http,
  httpClient,
  type IncomingBody,
} from "../src/index.ts";

/** An answer, and the method that it answers. */
interface Answered {
  method: string;
  status: number;
  fields: [string, string][];
  pieces: string[];
  how: "whole" | "streamed" | "counted" | "with trailers";
}

const field = fc.tuple(fc.stringMatching(/^X-[A-Za-z]{1,6}$/), fc.stringMatching(/^[!-~]{0,8}$/));

const answered: fc.Arbitrary<Answered> = fc.record({
  method: fc.constantFrom("GET", "POST", "HEAD", "PURGE"),
  status: fc.constantFrom(200, 204, 304, 404, 500),
  fields: fc.array(field, { maxLength: 2 }),
  pieces: fc.array(fc.string({ maxLength: 9 }), { maxLength: 3 }),
  how: fc.constantFrom("whole", "streamed", "counted", "with trailers"),
});

async function* stream(pieces: readonly string[]): AsyncGenerator<string> {
  yield* pieces;
}

function answerOf({ status, fields, pieces, how }: Answered): HttpAnswer {
  const whole = pieces.join("");
  if (how === "whole") return { status, headers: fields, body: whole };
  if (how === "with trailers") return { status, headers: fields, body: whole, trailers: { "X-T": "1" } };
  const length: [string, string][] =
    how === "counted" ? [["Content-Length", String(Buffer.byteLength(whole))]] : [];
  return { status, headers: [...fields, ...length], body: stream(pieces) };
}

const questionOf = ({ method }: Answered): HttpQuestion => ({ method, target: "/" });

function expected({ method, status, fields, pieces, how }: Answered) {
  const hasBody = method !== "HEAD" && status !== 204 && status !== 304;
  return {
    status,
    fields,
    body: Buffer.from(hasBody ? pieces.join("") : ""),
    trailer: hasBody && how === "with trailers" ? "1" : undefined,
    asked: method,
  };
}

const read = (response: HttpResponseReceived<Buffer | IncomingBody>) => ({
  status: response.status,
  fields: [...response.headers].filter(([name]) => name.startsWith("X-")),
  body: response.body,
  trailer: response.trailers?.get("x-t"),
  asked: (response.request as HttpRequestToSend).method,
});

async function readStreamed(response: HttpResponseReceived<Buffer | IncomingBody>) {
  const body = await (response.body as IncomingBody).bytes();
  return { ...read(response), body };
}

/** What has broken others. */
const attacks = fc
  .array(
    fc.constantFrom(
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
      "HTTP/1.1 200 OK\r\n\r\n",
      "HTTP/1.0 200 OK\r\n\r\n",
      "HTTP/1.1 100 Continue\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: a\r\nConnection: upgrade\r\n\r\n",
      "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
      "2\r\nok\r\n",
      "2\nok\n",
      "0\r\n\r\n",
      "0\r\nA: b\r\n\r\n",
      "ffffffffffffffffff\r\n",
      "\r\n",
    ),
    { maxLength: 6 },
  )
  .map((pieces) => Buffer.from(pieces.join("")));

/** Streams are replayed without a peer that waits to be asked; with `pipelining` these laws say the same. */
const ONE_AT_A_TIME: NonNullable<Spec["skip"]> = [
  {
    law: "a frame ends where it ends, whatever follows",
    because: "a second answer that is there before its request goes out is to no request",
  },
  {
    law: "connections share no state",
    because:
      "a request that waits for its turn goes out between turns, and the interleaved replay has more of them",
  },
];

type Body = Buffer | IncomingBody;
type Spec = CodecSpec<HttpResponseReceived<Body>, HttpQuestion, Answered, HttpAnswer>;

function specOf(options: HttpClientOptions): Spec {
  const client = httpClient({ host: "x", maxHeadSize: 2048, maxBodySize: 2048, ...options } as never);
  return {
    codec: client as CodecFactory<unknown> as CodecFactory<HttpResponseReceived<Body>, HttpQuestion>,
    peer: http({ date: false }) as CodecFactory<unknown> as CodecFactory<unknown, HttpAnswer>,
    message: answered,
    make: answerOf,
    ask: questionOf,
    read: options.body === "stream" ? readStreamed : read,
    expect: expected,
    noise: attacks,
    skip: options.pipelining ? [] : ONE_AT_A_TIME,
  };
}

const specs: [name: string, spec: Spec][] = [
  ["a client, bodies whole", specOf({ pipelining: true })],
  ["a client, bodies as they come", specOf({ pipelining: true, body: "stream" })],
  ["a client that asks one thing at a time", specOf({})],
  ["a client that asks one thing at a time, bodies as they come", specOf({ body: "stream" })],
];

for (const [name, spec] of specs) {
  describe(name, () => {
    for (const law of codecLaws(spec)) test.skipIf(law.skipped)(law.name, law.run);
  });
}
