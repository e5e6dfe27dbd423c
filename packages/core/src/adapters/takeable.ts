import type { Connection } from "../connection/connection.ts";
import type { Taker } from "../connection/messages.ts";

/** A connection whose messages may be taken in other ways than by callbacks. */
export interface Takeable<In, Out> extends Connection<In, Out, never, never> {
  /**
   * From now on messages go to `taker`.
   * @throws TypeError when they go to another
   */
  take(taker: Taker<In>): void;
  /** Whether its messages are bytes that may be cut anywhere. */
  readonly isBytes: boolean;
}

/** Any connection, whatever its notes and context: neither is touched. */
export type AnyConnection<In, Out> = Pick<Connection<In, Out, never, never>, "sent" | "closeWrite" | "id">;

/** @throws TypeError when it is none of ours */
export function takeable<In, Out>(connection: AnyConnection<In, Out>): Takeable<In, Out> {
  if (!("take" in connection)) throw new TypeError("only a connection becomes a stream");
  return connection as Takeable<In, Out>;
}
