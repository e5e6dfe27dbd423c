import { canBind, canBindShared, parseStreamAddress, type StreamAddress } from "@sock/core/sockets";
import { ClusterError } from "../errors.ts";
import type { Accept } from "../worker.ts";
import { Handover } from "./handover.ts";
import type { Sharing } from "./sharing.ts";
import { SharedSockets } from "./sockets.ts";

export interface Shared {
  readonly address: string;
  readonly count: number;
  readonly accept: Accept;
  readonly reusePort: boolean;
}

/**
 * Opens what a Worker listens at, in the way that it asks for or that suits this system best. Undefined: it listens nowhere.
 * @throws AddressError, ClusterError `NOT_SUPPORTED`
 */
export async function openSharing(
  worker: Shared,
  failed: (error: Error) => void,
): Promise<Sharing | undefined> {
  if (worker.address === "") return undefined;
  const address = parseStreamAddress(worker.address);
  const accept = chooseAccept(worker, address.transport);
  if (accept === "handover" || address.transport === "unix") return Handover.at(address, failed);
  return accept === "shared" ? SharedSockets.one(address) : SharedSockets.forEach(address, worker.count);
}

function chooseAccept(
  { accept, reusePort, count, address }: Shared,
  transport: StreamAddress["transport"],
): Accept {
  const asked = reusePort && accept === "auto" ? "reusePort" : accept;
  const isPossible = transport !== "unix" && (asked === "reusePort" ? canBindShared : canBind);
  if (asked === "auto") {
    if (!isPossible) return "handover";
    if (count === 1) return "shared";
    return canBindShared ? "reusePort" : "handover";
  }
  if (asked === "handover" || isPossible) return asked;
  throw new ClusterError(
    "NOT_SUPPORTED",
    `${address} cannot be listened at in the way "${asked}" on this system: omit it, and what is possible is chosen`,
  );
}
