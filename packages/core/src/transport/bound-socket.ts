import { lookup } from "node:dns/promises";
import net from "node:net";
import { getSystemErrorName } from "node:util";
import { formatAddress, type StreamAddress } from "../address.ts";
import { AddressError } from "../errors.ts";

/** A TCP socket that has its address, and accepts nobody here: others are given it, and listen with it. */
export interface BoundSocket {
  /** Where it really is: `tcp://127.0.0.1:2347`. */
  readonly address: string;
  /** What `child.send(message, handle)` takes. */
  readonly handle: object;
  /** Those who were given it keep it. */
  close(): void;
}

/** An address of TCP, whatever is spoken over it. */
export type SocketAddress = Extract<StreamAddress, { readonly host: string }>;

export interface BindOptions {
  /** Whether others may bind to the same address, each its own: the kernel then shares connections out among them. Default: false. */
  isShared?: boolean;
}

interface Handle {
  readonly fd: number;
  getsockname(to: { address?: string; port?: number }): number;
  close(): void;
}

type CreateServerHandle = (
  host: string,
  port: number,
  family: 4 | 6,
  fd: null,
  flags: number,
) => Handle | number;

/** UV_TCP_REUSEPORT of libuv's `uv_tcp_flags`, from 1.49 on. */
const SHARED = 2;

/**
 * What Node's own cluster module binds with. No documentation promises it, and a listening `net.Server` cannot do: it
 * accepts.
 */
const createServerHandle = (net as unknown as { _createServerHandle?: CreateServerHandle })
  ._createServerHandle;

/** Whether this Node can bind without listening. */
export const canBind = typeof createServerHandle === "function";

/** Whether this Node and this system can share connections out among sockets of one address: Linux, from Node 22.12 on. */
export const canBindShared =
  canBind && process.platform === "linux" && libuvHasReusePort(process.versions.uv ?? "");

/**
 * Binds to a TCP address, and does not listen.
 * @throws AddressError
 */
export async function bindSocket(
  asked: SocketAddress,
  { isShared = false }: BindOptions = {},
): Promise<BoundSocket> {
  const text = formatAddress(asked);
  if (createServerHandle === undefined) throw unsupported(text);
  const { address, family } = await lookup(asked.host).catch((error: NodeJS.ErrnoException) => {
    throw new AddressError(text, error);
  });
  const handle = createServerHandle(address, asked.port, family === 6 ? 6 : 4, null, isShared ? SHARED : 0);
  if (typeof handle === "number") throw failure(text, handle);
  // libuv tells of an address in use not when it binds, but when something else is asked.
  const bound: { address?: string; port?: number } = {};
  const error = handle.getsockname(bound);
  if (error !== 0) {
    handle.close();
    throw failure(text, error);
  }
  return {
    address: formatAddress({
      ...asked,
      host: bound.address ?? address,
      port: bound.port ?? asked.port,
    }),
    handle,
    close: () => handle.close(),
  };
}

function failure(asked: string, errno: number): AddressError {
  const code = getSystemErrorName(errno);
  return new AddressError(asked, Object.assign(new Error(`bind ${code}`), { code, errno, syscall: "bind" }));
}

function unsupported(asked: string): AddressError {
  const error = new Error("this Node cannot bind without listening");
  return new AddressError(asked, Object.assign(error, { code: "ENOTSUP" }));
}

function libuvHasReusePort(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 1 || minor >= 49;
}
