import { activatedAs } from "./activation.ts";
import { formatAddress, parseAddress, type StreamAddress, type UdpAddress } from "./address.ts";

/** Where a server of connections listens, or with what: a socket that this process was given. */
export type ListenAddress =
  | StreamAddress
  | { readonly transport: "fd"; readonly fd: number }
  /** By another process, over IPC; for connections with TLS, or without. */
  | { readonly transport: "given"; readonly socket: object };

/**
 * Reads what `parseAddress` does, `fd://3`, and `systemd:name`.
 * @throws TypeError when it is none of these
 */
export function parseListenAddress(given: string | { readonly fd: number }): ListenAddress | UdpAddress {
  if (typeof given === "object") return inherited(given.fd);
  if (given.startsWith("systemd:")) return inherited(activatedAs(given.slice("systemd:".length)));
  if (!given.startsWith("fd:")) return parseAddress(given);
  const [, digits = ""] = /^fd:\/\/(\d{1,9})$/.exec(given) ?? [];
  if (digits === "") throw new TypeError(`"${given}" is not fd://number`);
  return inherited(Number(digits));
}

/** The address as it is written. */
export function formatListenAddress(address: ListenAddress): string {
  if (address.transport === "given") return "a socket that was given";
  return address.transport === "fd" ? `fd://${address.fd}` : formatAddress(address);
}

function inherited(fd: number): ListenAddress {
  if (Number.isInteger(fd) && fd >= 0) return { transport: "fd", fd };
  throw new TypeError(`${fd} is no file descriptor`);
}
