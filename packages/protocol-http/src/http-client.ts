import type { CodecFactory } from "@sock/codec";
import { ClientCodec } from "./client-codec.ts";
import type { HttpClientNote } from "./client-notes.ts";
import { isHost } from "./head/target.ts";
import type { IncomingBody } from "./incoming-body.ts";
import { type HttpLimits, type SettledLimits, settleLimits, whole } from "./limits.ts";
import { badHost } from "./question.ts";
import type { HttpQuestion } from "./request-to-send.ts";
import type { HttpResponseReceived } from "./response-received.ts";

export interface HttpClientOptions<Kind extends "buffer" | "stream" = "buffer" | "stream">
  extends HttpLimits {
  /** Whom requests are for, unless they say so themselves: `"example.com"`, `"127.0.0.1:8080"`. Default: they have to. */
  readonly host?: string | undefined;

  /**
   * `"buffer"`: an answer is delivered when its body has come whole. `"stream"`: when its head has, and the body is read as
   * it comes; it has to be read, or abandoned, before the next answer can come. Default `"buffer"`.
   */
  readonly body?: Kind | undefined;

  /**
   * Whether requests are sent before those ahead of them are answered. Default false: one at a time, the others wait. A
   * server that fails half way leaves open which of them it has carried out; RFC 9112 9.3.2 asks to send ahead only what
   * may be sent twice, and that is yours to judge.
   */
  readonly pipelining?: boolean | undefined;

  /**
   * Milliseconds from the last byte of a request to the first of its answer; a 1xx begins them anew. Default 30,000: nginx
   * gives servers behind it 60, and whoever stands behind one would like to answer in time.
   */
  readonly answerTimeout?: number | undefined;

  /**
   * Bytes of an abandoned body that are still read, to keep the connection. With more to come, it ends. Default 256 KiB, as
   * for the server.
   */
  readonly maxUnreadBody?: number | undefined;
}

/** The options with their defaults. */
export interface ClientSettings extends SettledLimits {
  readonly host: string | undefined;
  readonly isStreaming: boolean;
  readonly isPipelining: boolean;
  readonly answerTimeout: { readonly within: number };
  readonly maxUnreadBody: number;
}

/**
 * HTTP/1.1, as a client: requests go, answers come, in their order. 1xx are notes, and so is what will not be answered
 * because the server ends the connection. It follows no redirects, keeps no pool and sends nothing twice.
 *
 * @throws TypeError, RangeError for options that cannot be sent or are out of range
 * @example
 * const client = await connect("tcp://127.0.0.1:8080", {
 *   codec: httpClient({ host: "127.0.0.1:8080" }),
 *   onMessage: (_, { status, body }) => console.log(status, body.toString()),
 * });
 * client.send("/hello");
 * client.send({ method: "POST", target: "/", body: "hello" });
 */
export function httpClient(
  options?: HttpClientOptions<"buffer">,
): CodecFactory<HttpResponseReceived, HttpQuestion, HttpClientNote>;
export function httpClient(
  options: HttpClientOptions<"stream">,
): CodecFactory<HttpResponseReceived<IncomingBody>, HttpQuestion, HttpClientNote>;
export function httpClient(
  options: HttpClientOptions = {},
): CodecFactory<HttpResponseReceived<never>, HttpQuestion, HttpClientNote> {
  const { host } = options;
  if (host !== undefined && (typeof host !== "string" || !isHost(host))) throw badHost(host);
  const isStreaming = options.body === "stream";
  const settings: ClientSettings = {
    ...settleLimits(options, isStreaming),
    host,
    isStreaming,
    isPipelining: options.pipelining ?? false,
    answerTimeout: { within: whole(options.answerTimeout ?? 30_000, "answerTimeout", 1) },
    maxUnreadBody: whole(options.maxUnreadBody ?? 256 * 1024, "maxUnreadBody", 0),
  };
  // The overloads say which body it is.
  return (link) => new ClientCodec(link, settings) as never;
}
