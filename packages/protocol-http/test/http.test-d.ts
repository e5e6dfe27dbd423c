import type { CodecFactory } from "@sock/codec";
import { expectTypeOf, test } from "vitest";
import {
  type BodyToSend,
  type Fields,
  type HttpAnswer,
  type HttpOptions,
  type HttpRequest,
  type HttpResponse,
  http,
  type IncomingBody,
} from "../src/index.ts";

test("a body is a Buffer, or comes piece by piece where that was asked for", () => {
  expectTypeOf(http()).toEqualTypeOf<CodecFactory<HttpRequest, HttpAnswer>>();
  expectTypeOf(http({ body: "buffer", maxBodySize: 5 })).toEqualTypeOf<
    CodecFactory<HttpRequest, HttpAnswer>
  >();
  expectTypeOf(http({ body: "stream" })).toEqualTypeOf<CodecFactory<HttpRequest<IncomingBody>, HttpAnswer>>();
  expectTypeOf<HttpRequest["body"]>().toEqualTypeOf<Buffer>();
});

test("what is read of a request is there or undefined, and not to be written", () => {
  expectTypeOf<HttpRequest["headers"]>().toEqualTypeOf<Fields>();
  expectTypeOf<HttpRequest["trailers"]>().toEqualTypeOf<Fields | undefined>();
  expectTypeOf<HttpRequest["upgrade"]>().toEqualTypeOf<string | undefined>();
  expectTypeOf<HttpRequest["version"]>().toEqualTypeOf<"1.0" | "1.1">();
  expectTypeOf<ReturnType<Fields["get"]>>().toEqualTypeOf<string | undefined>();
  const change = (request: HttpRequest) => {
    // @ts-expect-error it is the client's
    request.method = "GET";
  };
  expectTypeOf(change).toBeFunction();
});

test("an answer is a text, bytes, or parts, each of which may be absent", () => {
  const right: HttpAnswer[] = [
    "a",
    Buffer.from("a"),
    {},
    { status: 404, reason: "No", headers: { A: "b", N: 5 }, body: "c", trailers: { T: "d" } },
    { headers: [["Set-Cookie", "a"]], trailers: () => ({ T: 1 }) },
    { headers: new Headers() },
    { status: undefined, headers: undefined, body: undefined },
  ];
  expectTypeOf(right).toEqualTypeOf<HttpAnswer[]>();
  // @ts-expect-error a number is no answer
  expectTypeOf<5>().toExtend<HttpAnswer>();
  // @ts-expect-error a status is a number
  expectTypeOf<{ status: "200" }>().toExtend<HttpResponse>();
  // @ts-expect-error a list of values is not joined by us: pairs say which it is to be
  expectTypeOf<{ headers: { A: string[] } }>().toExtend<HttpResponse>();
});

test("a body may be a generator, a stream of the web or of Node, or the request's own", () => {
  expectTypeOf<AsyncGenerator<string>>().toExtend<BodyToSend>();
  expectTypeOf<AsyncIterable<Uint8Array>>().toExtend<BodyToSend>();
  expectTypeOf<ReadableStream<Uint8Array>>().toExtend<BodyToSend>();
  expectTypeOf<import("node:stream").Readable>().toExtend<BodyToSend>();
  expectTypeOf<IncomingBody>().toExtend<BodyToSend>();
  // @ts-expect-error numbers are no pieces
  expectTypeOf<AsyncIterable<number>>().toExtend<BodyToSend>();
});

test("options are what they are called", () => {
  expectTypeOf<HttpOptions["body"]>().toEqualTypeOf<"buffer" | "stream" | undefined>();
  // @ts-expect-error no option of that name
  http({ maxBody: 5 });
  // @ts-expect-error whole or as it comes
  http({ body: "file" });
});
