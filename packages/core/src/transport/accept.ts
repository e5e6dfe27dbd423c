import type { Socket } from "node:net";
import { isLastDescriptor } from "./descriptors.ts";
import { NetTransport } from "./net-transport.ts";
import { withSharedReads } from "./shared-reads.ts";
import type { Transport } from "./transport.ts";

/** Says who may come in, before a connection costs anything. */
export interface Door {
  /** Whether it matters who somebody is. */
  readonly looksAtAddresses: boolean;
  /** False: turned away, and counted. True: in. `address` is undefined where nobody has one, or none matters. */
  admits(address: string | undefined): boolean;
  /** Somebody was turned away by the listener itself. */
  turnedAway(reason: "descriptors"): void;
}

export interface AcceptOptions {
  door: Door;
  /** `cameAs`: the address that the door was told. */
  accepted(transport: Transport, cameAs: string | undefined): void;
}

/** Takes a connection from Node's server, paused and unread, to its transport; or turns it away. */
export function accept(socket: Socket, name: "tcp" | "unix", { door, accepted }: AcceptOptions): void {
  if (isLastDescriptor(socket)) {
    socket.destroy();
    return door.turnedAway("descriptors");
  }
  const matters = name === "tcp" && door.looksAtAddresses;
  const cameAs = matters ? socket.remoteAddress : undefined;
  // One that matters and is not known has gone already.
  if ((matters && cameAs === undefined) || !door.admits(cameAs)) return void socket.destroy();
  accepted(new NetTransport(withSharedReads(socket) ?? socket, name), cameAs);
}
