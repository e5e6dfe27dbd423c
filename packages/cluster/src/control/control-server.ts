import { type Connection, type EventLoop, eventLoop, listen, type Server } from "@sock/core";
import { text } from "@sock/protocol-text";
import { type Alarm, every } from "@sock/timer";
import { ClusterError } from "../errors.ts";
import type { AppStatus, ConnectionsReport } from "../status.ts";
import {
  CONNECTIONS_A_LINE,
  CONTROL_VERSION,
  type ControlResponse,
  MOST_REQUEST,
  seal,
  unsealRequest,
  WORKING_EVERY,
} from "./protocol.ts";

/** What commands may ask of a master. What is thrown is told to whoever asked. */
export interface Controlled {
  status(): Promise<AppStatus>;
  /** `most` of the connections, the oldest first. */
  connections(most: number): Promise<ConnectionsReport>;
  /** Resolves when the new program serves everywhere. `isGraceful`: the old one has no deadline. */
  reload(isGraceful: boolean): Promise<void>;
  /** Resolves when all workers are gone. `isGraceful`: without a deadline. */
  stop(isGraceful: boolean): Promise<void>;
}

/** Commands at a time: who watches, and who does something. */
const MOST_CONNECTIONS = 16;

/** Milliseconds for a question to come, and for its answer to be read: a master does not wait for a command that was suspended. */
const ASKS_WITHIN = 5_000;
const READS_WITHIN = 5_000;
const CLOSES_WITHIN = 1_000;

type Peer = Connection<string, string, never, Asking>;

/** What is known of whoever asks. */
interface Asking {
  readonly gone: AbortController;
  asks: Alarm | undefined;
}

/** Answers commands at a unix socket that only its owner may use; on Windows, at a named pipe. */
export class ControlServer {
  readonly #controlled: Controlled;
  readonly #loop: EventLoop;
  readonly #answering = new Set<Promise<void>>();
  readonly #watching = new Set<AbortController>();
  #server!: Server<string, string, never, Asking>;

  constructor(controlled: Controlled, loop: EventLoop = eventLoop) {
    this.#controlled = controlled;
    this.#loop = loop;
  }

  /**
   * A socket that a dead process has left there is replaced.
   * @throws AddressError
   */
  async listen(path: string): Promise<this> {
    // As the socket is made, so that there is no moment at which others could connect.
    const before = process.umask(0o177);
    try {
      this.#server = await listen(`unix:${path}`, {
        codec: text(),
        loop: this.#loop,
        context: () => ({ gone: new AbortController(), asks: undefined }),
        maxConnections: MOST_CONNECTIONS,
        maxPackageSize: MOST_REQUEST,
        writeTimeout: READS_WITHIN,
        closeTimeout: CLOSES_WITHIN,
        onConnect: (peer: Peer) => this.#opened(peer),
        onMessage: (peer: Peer, line) => this.#asked(peer, line),
        onClose: (peer: Peer) => this.#closed(peer),
        // Whoever asks wrongly is told so, or is cut: nobody else need know.
        onError: () => {},
      });
    } finally {
      process.umask(before);
    }
    return this;
  }

  /** Resolves when those who have asked are answered, and nobody is connected. Those who watch are let go. */
  async close(): Promise<void> {
    this.#server.pauseAccept();
    for (const watcher of this.#watching) watcher.abort();
    await Promise.all(this.#answering);
    await this.#server.close();
  }

  #opened(peer: Peer): void {
    peer.context.asks = this.#loop.after(ASKS_WITHIN, () => peer.destroy());
  }

  #closed(peer: Peer): void {
    peer.context.asks?.cancel();
    peer.context.gone.abort();
  }

  /** One question a connection. */
  #asked(peer: Peer, line: string): Promise<void> {
    peer.context.asks?.cancel();
    peer.context.asks = undefined;
    const answering = this.#answer(peer, line).finally(() => this.#answering.delete(answering));
    this.#answering.add(answering);
    return answering;
  }

  async #answer(peer: Peer, line: string): Promise<void> {
    const answered = new AbortController();
    void this.#sayWorking(peer, answered.signal);
    let last: ControlResponse = { is: "done" };
    try {
      await this.#carryOut(peer, line);
    } catch (error) {
      // Who watches is let go at the end, or has gone: nothing has failed.
      if (!peer.context.gone.signal.aborted) last = failed(error);
    } finally {
      answered.abort();
    }
    peer.close(seal(last));
  }

  /** Whoever hears nothing gives up. */
  async #sayWorking(peer: Peer, signal: AbortSignal): Promise<void> {
    for await (const _ of every(WORKING_EVERY / 1_000, { signal, clock: this.#loop }))
      peer.send(seal({ is: "working" }));
  }

  async #carryOut(peer: Peer, line: string): Promise<void> {
    const unsealed = unsealRequest(line);
    if (unsealed.is === "otherVersion")
      throw new ClusterError(
        "OTHER_VERSION",
        `the running master speaks version ${CONTROL_VERSION} of @sock/cluster's control messages, and was asked in ${unsealed.version}`,
      );
    if (unsealed.is === "noMessage")
      throw new ClusterError("NOT_SUPPORTED", "the running master does not know what that is");
    const request = unsealed.message;
    switch (request.do) {
      case "status":
        return this.#status(peer, request.every);
      case "connections":
        return this.#connections(peer, request.most);
      case "reload":
        return this.#controlled.reload(request.isGraceful);
      case "stop":
        return this.#controlled.stop(request.isGraceful);
    }
  }

  async #status(peer: Peer, again: number | undefined): Promise<void> {
    const { gone } = peer.context;
    const tell = async () => this.#tell(peer, { is: "status", status: await this.#controlled.status() });
    await tell();
    if (again === undefined) return;
    this.#watching.add(gone);
    try {
      for await (const _ of every(again / 1_000, { signal: gone.signal, clock: this.#loop })) await tell();
    } finally {
      this.#watching.delete(gone);
    }
  }

  async #connections(peer: Peer, most: number): Promise<void> {
    const { connections, left, busy } = await this.#controlled.connections(most);
    for (let at = 0; at < connections.length; at += CONNECTIONS_A_LINE)
      await this.#tell(peer, {
        is: "connections",
        connections: connections.slice(at, at + CONNECTIONS_A_LINE),
      });
    await this.#tell(peer, { is: "connectionsEnd", left, busy });
  }

  /** At the pace at which it is read. */
  #tell(peer: Peer, response: ControlResponse): Promise<void> {
    return peer.sent(seal(response), peer.context.gone.signal);
  }
}

function failed(error: unknown): ControlResponse {
  const sentence = error instanceof Error ? error.message : String(error);
  const code = error instanceof ClusterError ? error.code : "FAILED";
  return { is: "failed", code, sentence };
}
