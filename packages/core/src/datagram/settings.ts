import type { CodecFactory } from "@sock/codec";
import { limits } from "../connection/options.ts";
import { type EventLoop, eventLoop } from "../event-loop.ts";
import { type Logger, stderrLogger } from "../logger.ts";
import { raw } from "../raw.ts";
import type { DatagramHandlers, DatagramOptions, DatagramStats } from "./datagram.ts";
import { DatagramLink } from "./datagram-link.ts";

/** What an IPv4 datagram holds: 65,535 without its headers of 20 and 8 bytes. IPv6 would take 20 more. */
export const MAX_DATAGRAM = 65_507;

/** The callbacks as they are when they are called: a client's may be assigned. */
export type CurrentHandlers<In, Note, Self> = {
  readonly [Name in keyof DatagramHandlers<In, Note, Self>]:
    | DatagramHandlers<In, Note, Self>[Name]
    | undefined;
};

/** The options with their defaults. */
export interface DatagramSettings<In, Out, Note, Context, Self> {
  readonly codec: CodecFactory<In, Out, Note>;
  readonly handlers: CurrentHandlers<In, Note, Self>;
  readonly context: (() => Context) | undefined;
  readonly maxSendBufferSize: number;
  readonly maxPackageSize: number;
  readonly maxPending: number;
  readonly logger: Logger;
  readonly loop: EventLoop;
}

/** @throws RangeError, TypeError: an option is not one, or the codec needs a connection */
export function settleDatagrams<In, Out, Note, Context, Self>(
  options: DatagramOptions<In, Out, Note, Context> & DatagramHandlers<In, Note, Self>,
): DatagramSettings<In, Out, Note, Context, Self> {
  const { maxPending = 1_024, maxPackageSize = MAX_DATAGRAM, loop = eventLoop } = options;
  if (!(maxPending >= 1)) throw new RangeError(`maxPending is at least 1, not ${maxPending}`);
  // Whoever gives none has, by the overloads of `listen` and `connect`, the types of `raw`.
  const codec = options.codec ?? (raw() as CodecFactory<never, never> as CodecFactory<In, Out, Note>);
  checkCodec(codec, maxPackageSize, loop);
  return {
    codec,
    handlers: options,
    context: options.context,
    maxSendBufferSize: options.maxSendBufferSize ?? limits.defaultMaxSendBufferSize,
    maxPackageSize,
    maxPending,
    logger: options.logger ?? stderrLogger,
    loop,
  };
}

/** One is made, to see whether it shakes hands. */
function checkCodec<In, Out, Note>(
  factory: CodecFactory<In, Out, Note>,
  maxPackageSize: number,
  loop: EventLoop,
): void {
  const nothing = () => {};
  const codec = factory(
    new DatagramLink({ maxPackageSize, now: () => loop.now(), reply: nothing, note: nothing }),
  );
  const { opening } = codec;
  codec.closed?.();
  if (opening)
    throw new TypeError("a codec that begins with a handshake needs a connection: datagrams have none");
}

export function newDatagramStats(): DatagramStats {
  return {
    datagramsReceived: 0,
    datagramsSent: 0,
    messagesReceived: 0,
    bytesRead: 0,
    bytesWritten: 0,
    dropped: 0,
    overflowed: 0,
    refused: 0,
    errors: 0,
  };
}
