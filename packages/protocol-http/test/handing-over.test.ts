import { type CodecFactory, Framed } from "@sock/codec";
import { expect, test } from "vitest";
import { type HttpAnswer, type HttpRequest, http } from "../src/index.ts";

const websocket = "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n";
const connect = "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n";
const page = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

function ask(text: string): { framed: Framed<HttpRequest, HttpAnswer>; request: HttpRequest } {
  let asked: HttpRequest | undefined;
  const framed = new Framed<HttpRequest, HttpAnswer>(http(), {
    message: (request) => {
      asked = request;
    },
    write() {},
    failed() {},
  });
  framed.start();
  framed.receive(Buffer.from(text));
  return { framed, request: asked! };
}

const other: CodecFactory<unknown> = () => ({ input: () => 0, decode() {}, encode: () => "" });

test("a request says which protocol it would rather speak, in small letters", () => {
  expect(ask(websocket).request.upgrade).toBe("websocket");
  expect(ask(page).request.upgrade).toBeUndefined();
  expect(ask(websocket.replace("HTTP/1.1", "HTTP/1.0")).request.upgrade).toBeUndefined();
});

test("who gets the protocol that it asked for has not left", () => {
  const asked = ask(websocket);
  asked.framed.upgrade(other as CodecFactory<unknown, never, never>);
  expect(asked.request.signal.aborted).toBe(false);
  const tunnel = ask(connect);
  tunnel.framed.send({ status: 200 });
  tunnel.framed.upgrade(other as CodecFactory<unknown, never, never>);
  expect(tunnel.request.signal.aborted).toBe(false);
});

test.each([
  ["a WebSocket", websocket],
  ["a tunnel", connect],
  ["a page", page],
])("who asks for %s, and breaks off before it is answered, has left", (_, text) => {
  const { framed, request } = ask(text);
  framed.closed(new Error("ECONNRESET"));
  expect(request.signal.aborted).toBe(true);
});
