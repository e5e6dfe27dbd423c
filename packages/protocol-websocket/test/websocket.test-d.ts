import type { CodecFactory } from "@sock/codec";
import { expectTypeOf, test } from "vitest";
import {
  type Ping,
  ping,
  type WebSocketClientNote,
  type WebSocketNote,
  type WebSocketRequest,
  websocket,
  websocketClient,
} from "../src/index.ts";

test("messages are strings or bytes; a ping may be sent besides", () => {
  type Message = string | Uint8Array;
  expectTypeOf(websocket()).toEqualTypeOf<CodecFactory<Message, Message | Ping, WebSocketNote>>();
  expectTypeOf(websocketClient({ url: "" })).toEqualTypeOf<
    CodecFactory<Message, Message | Ping, WebSocketClientNote>
  >();
  expectTypeOf(ping()).toEqualTypeOf<Ping>();
});

test("a note is told apart by its type", () => {
  const read = (note: WebSocketNote) => {
    if (note.type === "open") expectTypeOf(note.request).toEqualTypeOf<WebSocketRequest>();
    if (note.type === "close") expectTypeOf(note.code).toEqualTypeOf<number>();
    if (note.type === "pong") expectTypeOf(note.data).toEqualTypeOf<Uint8Array>();
  };
  expectTypeOf(read).toBeFunction();
});

test("verify says true, false or how it refuses, perhaps later; to forget the answer is a mistake", () => {
  websocket({ verify: () => true });
  websocket({ verify: async ({ path }) => (path === "/" ? true : { status: 404 }) });
  // @ts-expect-error nothing is returned
  websocket({ verify: () => {} });
  // @ts-expect-error a refusal has a status
  websocket({ verify: () => ({ body: "no" }) });
});
