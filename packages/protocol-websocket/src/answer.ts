import type { CodecFactory } from "@sock/codec";
import { finalResponse } from "@sock/protocol-http/head";
import { acceptKey } from "./accept-key.ts";
import { Deflate } from "./deflate.ts";
import type { WebSocketMessage, WebSocketMessageOut } from "./messages.ts";
import { acceptOffer } from "./negotiation.ts";
import type { WebSocketNote } from "./notes.ts";
import type { WebSocketRequest } from "./request.ts";
import type { AcceptSettings, Refusal, ServerSettings, Verdict } from "./server-options.ts";
import { WebSocketCodec } from "./websocket-codec.ts";

/** The answer that accepts, and the codec that takes over behind it. */
export interface Accepted {
  readonly accept: string;
  readonly next: CodecFactory<WebSocketMessage, WebSocketMessageOut, WebSocketNote>;
}

/** What a request is answered with. */
export type Answer = Accepted | { readonly refuse: string; readonly note: WebSocketNote };

/** What a function among the options threw. */
export class Failure {
  readonly error: unknown;
  constructor(error: unknown) {
    this.error = error;
  }
}

/** What comes of `work`, which is the user's. */
export function attempt<T>(work: () => T): T | Failure {
  try {
    return work();
  } catch (error) {
    return new Failure(error);
  }
}

/** RFC 6455 4.2.2: the answer to a request that `verify` has judged. */
export function answerTo(
  request: WebSocketRequest,
  verdict: Verdict | Failure,
  settings: ServerSettings,
): Answer {
  const answer = attempt(() => (verdict === true ? accept(request, settings) : refuse(request, verdict)));
  return answer instanceof Failure ? refuse(request, answer) : answer;
}

function refuse(request: WebSocketRequest, verdict: Verdict | Failure): Answer {
  if (verdict instanceof Failure) {
    const { error } = verdict;
    return { refuse: finalResponse(500), note: { type: "refused", request, status: 500, error } };
  }
  // What is neither true nor a refusal, the undefined of a function that forgot its return among it, lets nobody in.
  const refusal: Refusal = typeof verdict === "object" && verdict !== null ? verdict : { status: 403 };
  const { status } = refusal;
  return { refuse: finalResponse(status, refusal), note: { type: "refused", request, status } };
}

/**
 * RFC 6455 4.2.2, 5: turns the connection into a WebSocket.
 * @throws what the functions among the options throw, TypeError for what they may not answer
 */
export function accept(
  request: WebSocketRequest,
  { choose, lines, limits, deflate }: AcceptSettings,
): Accepted {
  const protocol = choose(request);
  // RFC 6455 4.2.2, 5.5: a subprotocol that was not offered makes the client fail.
  if (protocol !== undefined && !request.protocols.includes(protocol)) {
    throw new TypeError(`the subprotocol ${protocol} was not offered`);
  }
  const accepted = deflate && acceptOffer(request.extensions, deflate);
  const head = [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${acceptKey(request.key)}`,
    ...(protocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
    ...(accepted === undefined ? [] : [`Sec-WebSocket-Extensions: ${accepted.answer}`]),
    ...lines(request),
  ];
  return {
    accept: `${head.join("\r\n")}\r\n\r\n`,
    next: (link) => {
      link.note({ type: "open", request, protocol, isDeflating: accepted !== undefined });
      return new WebSocketCodec(link, {
        isServer: true,
        limits,
        deflate: deflate && accepted && new Deflate(deflate, accepted.agreement),
      });
    },
  };
}
