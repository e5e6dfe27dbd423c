import type { CodecFactory } from "@sock/codec";
import { Endpoint, Wire } from "@sock/codec-testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type HttpAnswer,
  type HttpQuestion,
  type HttpRequest,
  type HttpResponseReceived,
  http,
  httpClient,
  type IncomingBody,
} from "../src/index.ts";

// Our client and our server, bodies of all kinds both ways, in chunks of all sizes: each answer is that to its request.

interface Asked {
  method: string;
  name: string;
  pieces: string[];
  how: "whole" | "bytes" | "streamed" | "counted" | "with trailers" | "without";
  isEarly: boolean;
}

const asked: fc.Arbitrary<Asked> = fc.record({
  method: fc.constantFrom("GET", "POST", "HEAD", "PUT"),
  name: fc.stringMatching(/^[a-z]{1,4}$/),
  pieces: fc.array(fc.string({ maxLength: 40 }), { maxLength: 4 }),
  how: fc.constantFrom("whole", "bytes", "streamed", "counted", "with trailers", "without"),
  isEarly: fc.boolean(),
});

async function* stream(pieces: readonly string[]): AsyncGenerator<string> {
  for (const piece of pieces) {
    await undefined;
    yield piece;
  }
}

function questionOf({ method, name, pieces, how, isEarly }: Asked): HttpQuestion {
  const whole = pieces.join("");
  const question = { method, target: `/${name}`, headers: { "X-How": how, "X-Early": String(isEarly) } };
  switch (how) {
    case "without":
      return question;
    case "whole":
      return { ...question, body: whole };
    case "bytes":
      return { ...question, body: Buffer.from(whole) };
    case "streamed":
      return { ...question, body: stream(pieces) };
    case "counted": {
      const headers = { ...question.headers, "Content-Length": Buffer.byteLength(whole) };
      return { ...question, headers, body: stream(pieces) };
    }
    case "with trailers":
      return { ...question, body: stream(pieces), trailers: { "X-Size": Buffer.byteLength(whole) } };
  }
}

/** Says what was asked, and echoes the body: as it comes, or when it has come. */
function answerOf({ target, headers, body }: HttpRequest<IncomingBody>): HttpAnswer {
  const how = headers.get("x-how");
  const echo = { headers: { "X-Target": target }, body };
  return how === "with trailers"
    ? { ...echo, trailers: () => ({ "X-Back": body.trailers?.get("x-size") ?? "" }) }
    : echo;
}

const expected = ({ method, name, pieces, how }: Asked) => ({
  target: `/${name}`,
  body: Buffer.from(method === "HEAD" || how === "without" ? "" : pieces.join("")),
  trailer:
    how === "with trailers" && method !== "HEAD" ? String(Buffer.byteLength(pieces.join(""))) : undefined,
});

type Received = HttpResponseReceived<Buffer | IncomingBody>;

async function read({ headers, body, ...response }: Received) {
  const bytes = Buffer.isBuffer(body) ? body : await body.bytes();
  const trailers = Buffer.isBuffer(body) ? response.trailers : body.trailers;
  return { target: headers.get("x-target"), body: bytes, trailer: trailers?.get("x-back") };
}

for (const body of ["buffer", "stream"] as const) {
  for (const pipelining of [false, true]) {
    test(`bodies as a ${body}, ${pipelining ? "requests sent ahead" : "one request at a time"}`, async () => {
      const sizes = fc.option(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5 }), {
        nil: undefined,
      });
      const property = fc.asyncProperty(fc.array(asked, { maxLength: 6 }), sizes, async (all, chunks) => {
        const factory = httpClient({ host: "x", body: body as "stream", pipelining });
        const near = new Endpoint(factory as CodecFactory<Received, HttpQuestion, unknown>, { read });
        const far = new Endpoint(http({ body: "stream" }), { read: () => undefined, answer: answerOf });
        const wire = new Wire(near, far, chunks === undefined ? {} : { chunks });
        for (const one of all) near.send(questionOf(one));
        await wire.quiet();
        expect([near.failure, far.failure]).toEqual([undefined, undefined]);
        expect(near.messages).toEqual(all.map(expected));
        expect([near.framed.unread, far.framed.unread]).toEqual([0, 0]);
        near.close();
        far.close();
      });
      await fc.assert(property, { numRuns: 100 });
    });
  }
}
