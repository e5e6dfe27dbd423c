import { connect } from "node:net";
import { type Address, formatAddress } from "../address.ts";
import { AddressError } from "../errors.ts";
import { NetTransport } from "./net-transport.ts";
import { onread } from "./shared-reads.ts";
import type { Transport } from "./transport.ts";

/**
 * Connects over TCP or to a unix path.
 * @throws AddressError, or the reason of `signal`
 */
export function connectNet(address: Address, signal: AbortSignal): Promise<Transport> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const socket =
      address.transport === "unix"
        ? connect({ path: address.path, allowHalfOpen: true, onread })
        : connect({
            host: address.host,
            port: address.port,
            allowHalfOpen: true,
            noDelay: true,
            keepAlive: true,
          });
    const settle = () => {
      signal.removeEventListener("abort", aborted);
      socket.off("error", failed);
      socket.off("connect", connected);
    };
    const connected = () => {
      settle();
      resolve(new NetTransport(socket, address.transport));
    };
    const failed = (error: Error) => {
      settle();
      reject(new AddressError(formatAddress(address), error));
    };
    const aborted = () => {
      settle();
      socket.destroy();
      reject(signal.reason);
    };
    socket.once("connect", connected);
    socket.once("error", failed);
    signal.addEventListener("abort", aborted);
  });
}
