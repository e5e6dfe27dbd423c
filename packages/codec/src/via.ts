import type { CodecFactory } from "./codec.ts";

/**
 * A proxy on the way of a client: where it is, and the codec that asks it to open the way on. Knows no sockets, so that
 * any package may provide one; `connect` of `@sock/core` takes a list of them, and each is asked for the next.
 */
export interface Via {
  /** Where the proxy is, as `connect` reads it: `tcp://127.0.0.1:1080`. */
  readonly address: string;

  /**
   * An opening codec that asks the proxy for the way to `host` and `port`, and upgrades to `next` when it has the proxy's
   * consent: from the first byte on that the proxy has not said itself. A refusal is a `ProtocolError`.
   *
   * Called once for each list that is given to `connect`; the factory, once for each connection.
   * @param host a name, which the proxy looks up, or an IP address without brackets
   * @throws TypeError, RangeError when the proxy's protocol cannot name this target
   */
  open(
    host: string,
    port: number,
    next: CodecFactory<unknown, never, never>,
  ): CodecFactory<unknown, never, never>;
}
