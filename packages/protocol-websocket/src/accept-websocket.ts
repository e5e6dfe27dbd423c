import type { CodecFactory } from "@sock/codec";
import { accept } from "./answer.ts";
import type { WebSocketMessage, WebSocketMessageOut } from "./messages.ts";
import type { WebSocketNote } from "./notes.ts";
import { allows, FOREIGN } from "./origins.ts";
import { type Fault, readRequest, type UpgradeRequest } from "./request.ts";
import { type AcceptOptions, type Refusal, settleAccept } from "./server-options.ts";

/** What comes of a request for a WebSocket: the codec to go on with, or what it is to be answered with. */
export type Acceptance =
  | {
      /** For `connection.upgrade`. It answers the request itself. */
      readonly codec: CodecFactory<WebSocketMessage, WebSocketMessageOut, WebSocketNote>;
      readonly response?: undefined;
      readonly code?: undefined;
    }
  | {
      readonly codec?: undefined;
      /** For `connection.send`. HTTP goes on behind it. */
      readonly response: Refusal;
      /** Which demand the request does not meet: `WS_ORIGIN`, `WS_VERSION`, … as `websocket()` reports them. */
      readonly code: string;
    };

/**
 * Accepts a request of an HTTP server for a WebSocket, as far as RFC 6455 and `options` have a say in it. Nothing is sent
 * yet: whoever wants to refuse the request for another reason, or to wait for one, just answers something else.
 *
 * @throws RangeError, TypeError for options that are out of range or cannot be sent; what a function among them throws
 * @example
 * onMessage(connection, request) {
 *   if (request.upgrade !== "websocket") return connection.send("hello");
 *   const { codec, response } = acceptWebSocket(request);
 *   if (codec) connection.upgrade(codec, { onMessage: (socket, message) => socket.send(message) });
 *   else connection.send(response);
 * }
 */
export function acceptWebSocket(request: UpgradeRequest, options: AcceptOptions = {}): Acceptance {
  // Where nobody asks it, it must not look as if it were asked.
  if ("verify" in options) throw new TypeError("verify is for websocket(): here, decide before accepting");
  const settings = settleAccept(options);
  const asked = readRequest(request);
  if ("code" in asked) return refused(asked);
  if (!allows(settings.origins, asked)) return refused(FOREIGN);
  const { accept: answer, next } = accept(asked, settings);
  return {
    codec: (link) => {
      link.reply(answer);
      return next(link);
    },
  };
}

function refused({ status, code, sentence, headers }: Fault): Acceptance {
  return { response: { status, headers, body: sentence }, code };
}
