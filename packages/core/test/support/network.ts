import { ManualClock } from "@sock/timer/manual";
import { onTestFinished } from "vitest";
import type { ClientOptions } from "../../src/client/client.ts";
import { LiveClient } from "../../src/client/live-client.ts";
import { LiveConnection } from "../../src/connection/live-connection.ts";
import { settle } from "../../src/connection/options.ts";
import {
  AddressError,
  type Connection,
  type ConnectionOptions,
  createEventLoop,
  type Transport,
} from "../../src/index.ts";
import { memoryTransports } from "../../src/memory.ts";
import { newStats } from "../../src/stats.ts";
import { lines } from "./codecs.ts";
import { settled } from "./settled.ts";

type Peer = Connection<string, string, never, Record<string, unknown>>;

interface Call {
  readonly signal: AbortSignal;
  resolve(transport: Transport): void;
  reject(error: unknown): void;
}

/** A network of one server, without sockets: whoever calls waits until the test lets it in, or turns it away. */
export class Network {
  readonly clock = new ManualClock();
  readonly loop = createEventLoop(this.clock);
  /** What came to the server, over all connections. */
  readonly received: string[] = [];
  /** Connections, in the order in which they were made. */
  readonly peers: Peer[] = [];
  /** Connections and calls that are not over, and the most that there ever were at once. */
  alive = 0;
  mostAlive = 0;
  calls = 0;
  #waiting: Call | undefined;

  client<In, Out, Note>(options: ClientOptions<In, Out, Note, Record<string, unknown>>) {
    const given = { timeout: 5000, ...options, loop: this.loop };
    const client = new LiveClient("memory", given, { reach: this.#reach, settings: settle(given) });
    onTestFinished(() => client.close());
    return client.start();
  }

  get isCalled(): boolean {
    return this.#waiting !== undefined;
  }

  /** Lets the caller in. */
  async accept(): Promise<Peer> {
    const call = this.#answer();
    const [left, right] = memoryTransports(this.loop);
    const options: ConnectionOptions<string, string, never, Record<string, unknown>> = {
      codec: lines(),
      lingerTimeout: 100,
      onMessage: (_: unknown, line: string) => void this.received.push(line),
    };
    const peer = new LiveConnection(right, settle(options, this.loop), newStats(), () => {});
    this.peers.push(peer);
    peer.start();
    call.resolve(this.#counted(left));
    await settled();
    return peer;
  }

  async refuse(error: unknown = refused()): Promise<void> {
    this.#answer().reject(error);
    this.#over();
    await settled();
  }

  readonly #reach = (signal: AbortSignal): Promise<Transport> => {
    this.calls++;
    this.mostAlive = Math.max(this.mostAlive, ++this.alive);
    return new Promise((resolve, reject) => {
      const call = { signal, resolve, reject };
      this.#waiting = call;
      signal.addEventListener("abort", () => {
        if (this.#waiting !== call) return;
        this.#waiting = undefined;
        this.#over();
        reject(signal.reason);
      });
    });
  };

  #answer(): Call {
    const call = this.#waiting;
    if (call === undefined) throw new Error("nobody calls");
    this.#waiting = undefined;
    return call;
  }

  #over(): void {
    this.alive--;
  }

  /** The transport, counted as alive until it tells that it is gone. */
  #counted(transport: Transport): Transport {
    const start = transport.start.bind(transport);
    transport.start = (handler) => {
      const gone = handler.gone.bind(handler);
      handler.gone = (error) => {
        this.#over();
        gone(error);
      };
      start(handler);
    };
    return transport;
  }
}

export function refused(): AddressError {
  return new AddressError("memory", Object.assign(new Error("refused"), { code: "ECONNREFUSED" }));
}
