import type { Socket } from "node:net";
import type { Server, TLSSocket } from "node:tls";
import type { Deadline } from "@sock/timer";
import type { EventLoop } from "../../event-loop.ts";
import type { Arrival } from "../net-transport.ts";
import { type Endpoint, formatEndpoint, type Transport } from "../transport.ts";
import { HandshakeError, isPlainText } from "./handshake-error.ts";

export interface HandshakeOwner {
  secured(handshake: Handshake, socket: TLSSocket): void;
  /** The connection is over, or will be within this turn. */
  failed(handshake: Handshake, error: HandshakeError): void;
}

/** The handshake of one accepted connection: it is done or has failed, once. */
export class Handshake {
  readonly carrier: Socket;
  /** What is known of the connection, and is its transport's. */
  readonly arrival: Arrival;
  readonly done: (transport: Transport | undefined) => void;
  readonly #owner: HandshakeOwner;
  readonly #remote: Endpoint;
  #deadline: Deadline | undefined;
  #isOver = false;

  constructor(
    carrier: Socket,
    { rest, ...known }: Arrival,
    done: (transport: Transport | undefined) => void,
    owner: HandshakeOwner,
  ) {
    this.carrier = carrier;
    this.arrival = known;
    this.done = done;
    this.#owner = owner;
    // Asked for now: a socket that has gone does not know any more.
    this.#remote = known.remote ?? { address: carrier.remoteAddress ?? "", port: carrier.remotePort ?? 0 };
    if (rest !== undefined && rest.length > 0) carrier.unshift(rest);
  }

  /**
   * Node's server takes connections that are given to it as those that it accepts, which is documented, and tells what
   * became of them without saying which: so each is given to an heir of it, which hears of its own alone.
   */
  begin(server: Server, loop: EventLoop, within: number): void {
    this.#deadline = loop.deadline(() => {
      this.fail("HANDSHAKE_TIMEOUT", `was not through its TLS handshake within ${within} ms`);
    });
    this.#deadline.arm(within);
    const heir = Object.create(server) as Server;
    heir.emit = (event: string, ...told: unknown[]): boolean => {
      if (event === "secureConnection") this.#succeeded(told[0] as TLSSocket);
      else if (event === "tlsClientError") this.#refused(told[0] as Error, told[1] as TLSSocket);
      else return false;
      return true;
    };
    // Half a connection comes to no handshake. The socket of TLS takes this over from its carrier.
    this.carrier.allowHalfOpen = false;
    server.emit.call(heir, "connection", this.carrier);
  }

  fail(code: string, what: string, cause?: unknown): void {
    if (!this.#finish()) return;
    this.carrier.destroy();
    this.#owner.failed(
      this,
      new HandshakeError(code, `${formatEndpoint(this.#remote)} ${what}`, this.#remote, cause),
    );
  }

  /** Cuts it, and tells nobody. */
  cut(): void {
    this.#finish();
    this.carrier.destroy();
  }

  #succeeded(socket: TLSSocket): void {
    if (!this.#finish()) return void socket.destroy();
    socket.allowHalfOpen = true;
    this.carrier.allowHalfOpen = true;
    this.#owner.secured(this, socket);
  }

  #refused(error: NodeJS.ErrnoException & { reason?: string }, socket: TLSSocket): void {
    // Of a client that is not trusted, Node tells that it has gone.
    const distrust = (socket.authorizationError as unknown as string | null) ?? undefined;
    if (distrust !== undefined) return this.fail(distrust, `has no certificate that is trusted: ${distrust}`);
    const { code = "UNKNOWN", reason = error.message } = error;
    if (isPlainText(code)) return this.fail(code, "speaks no TLS");
    this.fail(code, `did not get through its TLS handshake: ${reason}`, error.cause ?? error);
  }

  #finish(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#deadline?.disarm();
    return true;
  }
}
