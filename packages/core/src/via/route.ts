import type { CodecFactory, Via } from "@sock/codec";
import { formatAddress, parseStreamAddress, type StreamAddress } from "../address.ts";

/** Where a client really connects to, and what is spoken there until `codec` has reached its target. */
export interface Route<In, Out, Note> {
  readonly first: StreamAddress;
  readonly codec: CodecFactory<In, Out, Note>;
}

/**
 * The way to `target` through the proxies of `via`, the nearest first: each is asked for the next, the last for the target.
 * @throws TypeError when one of them cannot be asked for
 */
export function route<In, Out, Note>(
  target: StreamAddress,
  via: readonly Via[],
  codec: CodecFactory<In, Out, Note>,
): Route<In, Out, Note> {
  const proxies = via.map(({ address }) => parseStreamAddress(address));
  const secret = proxies.find(({ transport }) => transport === "tls");
  if (secret !== undefined)
    throw new TypeError(`${formatAddress(secret)}: TLS is with the target, not with a proxy`);
  const stops = [...proxies, target];
  const opening = via.reduceRight(
    (next, proxy, i) => {
      const { host, port } = asked(stops[i + 1] as StreamAddress);
      return proxy.open(host, port, next);
      // What comes after an upgrade has the types of the last codec, which whoever gave it knows.
    },
    codec as CodecFactory<never, never, never> as CodecFactory<unknown, never, never>,
  );
  return {
    first: stops[0] as StreamAddress,
    codec: opening as CodecFactory<never, never, never> as typeof codec,
  };
}

function asked(stop: StreamAddress): { host: string; port: number } {
  if (stop.transport !== "unix") return stop;
  throw new TypeError(`${formatAddress(stop)} cannot be reached through a proxy`);
}
