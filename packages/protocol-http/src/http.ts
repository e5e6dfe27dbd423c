import type { CodecFactory } from "@sock/codec";
import type { IncomingBody } from "./incoming-body.ts";
import { type HttpLimits, type SettledLimits, settleLimits, whole } from "./limits.ts";
import type { HttpRequest } from "./request.ts";
import type { HttpAnswer } from "./response.ts";
import { ServerCodec } from "./server-codec.ts";

export interface HttpOptions<Kind extends "buffer" | "stream" = "buffer" | "stream"> extends HttpLimits {
  /**
   * `"buffer"`: a request is delivered when its body has come whole. `"stream"`: when its head has, and the body is read as
   * it comes. Default `"buffer"`.
   */
  readonly body?: Kind | undefined;

  /** Bytes of a target. Over it, a request is answered with 414. Default 8 KiB: Apache allows 8190, nginx 8 KiB a line. */
  readonly maxTargetSize?: number | undefined;

  /**
   * Milliseconds that a connection may wait for its next request. Default 75,000, as nginx has it: more than the 60 of most
   * load balancers, lest we close while they send.
   */
  readonly keepAliveTimeout?: number | undefined;

  /** Milliseconds that an idle connection is given for one more request when the server drains. Default 1,000. */
  readonly drainTimeout?: number | undefined;

  /**
   * Bytes of a body that nobody wants which are still read, to keep the connection. With more to come, it is closed behind
   * the answer. Default 256 KiB, as Go has it.
   */
  readonly maxUnreadBody?: number | undefined;

  /** Whether answers say when they were made, as RFC 9110 6.6.1 asks of whoever has a clock. Default true. */
  readonly date?: boolean | undefined;
}

/** The options with their defaults. */
export interface ServerSettings extends SettledLimits {
  readonly isStreaming: boolean;
  readonly keepAlive: { readonly within: number; readonly quiet: true };
  readonly drain: { readonly within: number; readonly quiet: true };
  readonly maxUnreadBody: number;
  readonly date: boolean;
}

/**
 * HTTP/1.1, as a server: requests come, answers go, one for each, in order. Requests that are sent ahead wait for the
 * answers to those before them.
 *
 * @throws RangeError for options that are out of range
 * @example
 * await listen("tcp://127.0.0.1:8080", {
 *   codec: http(),
 *   onMessage: (connection, request) => connection.send(`hello ${request.path}`),
 * });
 */
export function http(options?: HttpOptions<"buffer">): CodecFactory<HttpRequest, HttpAnswer>;
export function http(options: HttpOptions<"stream">): CodecFactory<HttpRequest<IncomingBody>, HttpAnswer>;
export function http(options: HttpOptions = {}): CodecFactory<HttpRequest<never>, HttpAnswer> {
  const isStreaming = options.body === "stream";
  const settings: ServerSettings = {
    ...settleLimits(options, isStreaming),
    isStreaming,
    keepAlive: { within: whole(options.keepAliveTimeout ?? 75_000, "keepAliveTimeout", 1), quiet: true },
    drain: { within: whole(options.drainTimeout ?? 1_000, "drainTimeout", 1), quiet: true },
    maxUnreadBody: whole(options.maxUnreadBody ?? 256 * 1024, "maxUnreadBody", 0),
    date: options.date ?? true,
  };
  // The overloads say which body it is.
  return (link) => new ServerCodec(link, settings) as never;
}
