import type { Connection } from "../connection/connection.ts";
import type { DrainReason } from "../connection/drain-reason.ts";
import type { ConnectionOptions } from "../connection/options.ts";
import type { Stats } from "../stats.ts";
import type { Newcomer } from "../transport/accept.ts";
import type { ProxyProtocolOptions } from "../transport/proxy-protocol/options.ts";
import type { TlsCertificates, TlsServerOptions } from "../transport/tls/options.ts";
import type { AdmissionOptions } from "./admission.ts";
import type { Present } from "./roster.ts";

export interface ServerOptions<In, Out = In, Note = never, Context = unknown>
  extends ConnectionOptions<In, Out, Note, Context>,
    AdmissionOptions {
  /** Who may say, in front of all else, for whom it relays. The connection's remote address is then the real one. */
  proxyProtocol?: ProxyProtocolOptions;

  /** Connections that may wait to be accepted. Default 1024, as the ancestor's first; the kernel has its own limit. */
  backlog?: number;

  /** At `tls://…`, or with an inherited socket: certificates, and who is let in. */
  tls?: TlsServerOptions;

  /**
   * A peer has connected and is admitted, and nothing of it was read but a PROXY header: TLS and the codec's handshake are to
   * come, and `onConnect` behind them. False turns it away; so does what is thrown, which is logged.
   */
  onAccept?(newcomer: Newcomer): unknown;
}

/** How a server closes. */
export interface ServerCloseOptions {
  /**
   * Milliseconds for peers to finish by themselves. Those whose protocol has a goodbye for it are told: WebSocket at once, or
   * behind the answer to what is being handled; HTTP's `Connection: close` with the next answer. Where it has none, the end
   * comes right behind the next answer. Those who are left then are closed. Default 0.
   */
  drain?: number;

  /**
   * What peers are told that leave at once: `"drain"`, another server takes over, WebSocket 1012; or `"stop"`, none does,
   * WebSocket 1001. Given again, it counts for those who are still to be told. Default: `"drain"`.
   */
  why?: DrainReason;

  /**
   * Peers that are told a second, of those that leave at once when they are: all of them would come back elsewhere at
   * the same time. Faster where all would not be told within half of `drain`. Default: all at once.
   */
  drainRate?: number;
}

/** Accepts connections at one address. */
export interface Server<In, Out = In, Note = never, Context = unknown> extends AsyncDisposable {
  /** Where it really listens: `tcp://127.0.0.1:2347`. `fd://3` where nobody can tell, of a unix socket on no Linux. */
  readonly address: string;

  /** Those that are open, or were until just now: a connection leaves after its `onClose`. */
  readonly connections: Present<Connection<In, Out, Note, Context>>;

  /** Connections beyond are turned away. May be changed at any time. */
  maxConnections: number;

  /** From now on new connections wait, up to `backlog` of them … */
  pauseAccept(): void;
  /** … until now. */
  resumeAccept(): void;

  stats(): Readonly<Stats>;

  /**
   * Other certificates, for connections from now on; those that are there go on with theirs. They are parsed, and each key
   * matched with its certificate, before anything changes. `cert` and `key`, `hosts`, and `ca` are each replaced as a whole,
   * and what is not named stays. With another `ca`, nobody resumes a session of before.
   * @throws SockError `CERTIFICATE_INVALID`, `CERTIFICATE_MISMATCH`, `CERTIFICATE_UNREADABLE`: the old ones are kept;
   * TypeError for an option that is none, or a server without TLS
   */
  setCertificates(certificates: TlsCertificates): Promise<void>;

  /**
   * Accepts no more, closes every connection with what it has to say, and resolves when all are gone. Called again, it hurries:
   * the shortest `drain` counts.
   */
  close(options?: ServerCloseOptions): Promise<void>;
}

/** A server that accepts nobody by itself: it listens with sockets that it is given, and takes connections. */
export interface SocketServer<In, Out = In, Note = never, Context = unknown>
  extends Server<In, Out, Note, Context> {
  /**
   * Listens with a socket that another process has bound, from now until the function that this resolves with is called. The
   * socket itself stays open where it was bound, and connections that wait in it are not lost.
   * @throws AddressError
   */
  listenWith(socket: object): Promise<() => void>;

  /** Takes a connection that another process has accepted. In the turn in which it came: it is not paused by itself. */
  take(connection: object): void;
}
