import { raw } from "@sock/core";
import { frame } from "@sock/protocol-frame";
import { type HttpRequest, http, httpClient } from "@sock/protocol-http";
import { text } from "@sock/protocol-text";
import { type WebSocketMessage, websocket, websocketClient } from "@sock/protocol-websocket";
import { httpGet, httpPost } from "../load/protocols/http.ts";
import type { CodecCase } from "./codec-case.ts";

const MAX = 64 * 2 ** 20;
const limits = { maxMessageSize: MAX };
const url = "ws://127.0.0.1/";
const server = websocket(limits);
const client = websocketClient({ url, ...limits });
const deflateServer = websocket({ ...limits, deflate: true });
const deflateClient = websocketClient({ url, ...limits, deflate: true });

/** Our codecs, each with a payload of some bytes. Requests are bytes: those that others send, with the fields they send. */
export const builtin = {
  raw: (size: number) => caseOf({ codec: raw(), messages: [bytes(size)], isUnframed: true }),
  text: (size: number) => caseOf({ codec: text(), messages: [words(size)] }),
  frame: (size: number) => caseOf({ codec: frame(), messages: [bytes(size)] }),
  "websocket server, binary": (size: number) =>
    caseOf({ codec: server, peer: client, messages: [bytes(size)] }),
  "websocket server, text": (size: number) =>
    caseOf({ codec: server, peer: client, messages: [words(size)] }),
  "websocket server, deflate": (size: number) =>
    caseOf({ codec: deflateServer, peer: deflateClient, messages: [words(size)] }),
  "websocket client, binary": (size: number) =>
    caseOf({
      codec: client,
      peer: server,
      messages: [bytes(size)],
      answer: (message: WebSocketMessage) => message,
    }),
  "websocket client, text": (size: number) =>
    caseOf({ codec: client, peer: server, messages: [words(size)] }),
  "http server, GET": (size: number) =>
    caseOf({
      codec: http(),
      messages: [],
      wire: [httpGet.request(bytes(Math.min(size, 4096)))],
      answer: (request: HttpRequest) => request.target,
    }),
  "http server, POST": (size: number) =>
    caseOf({
      codec: http({ maxBodySize: MAX }),
      messages: [],
      wire: [httpPost.request(bytes(size))],
      answer: (request: HttpRequest) => request.body,
    }),
  "http client": (size: number) =>
    caseOf({
      codec: httpClient({ host: "127.0.0.1:8080", maxBodySize: MAX }),
      peer: http(),
      messages: [bytes(size)],
      ask: "/",
    }),
};

export type BuiltinName = keyof typeof builtin;

/** What goes with what was checked where it was written; from here on nobody knows the types. */
function caseOf<In, Out, Sent>(what: CodecCase<In, Out, Sent>): CodecCase {
  return what as unknown as CodecCase;
}

function bytes(size: number): Buffer {
  return Buffer.from(words(size));
}

/** Printable ASCII that compresses about as text does. */
function words(size: number): string {
  let text = "";
  for (let i = 0; text.length < size; i++) text += `${(i * 7919) % 10_007} bottles of beer, `;
  return text.slice(0, size);
}
