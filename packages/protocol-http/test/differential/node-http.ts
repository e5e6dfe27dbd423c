import { createServer, type IncomingMessage, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";

/** What came of a stream of bytes. */
export interface Seen {
  /** Those that came whole. */
  requests: SeenRequest[];
  /** The final statuses that were answered, up to the first refusal. */
  statuses: number[];
  /** Why the stream was refused, if it was. */
  refusal?: string;
}

export interface SeenRequest {
  method: string;
  target: string;
  version: string;
  fields: [name: string, value: string][];
  body: string;
  trailers: [name: string, value: string][];
}

/** Both servers say it to CONNECT. */
export const CONNECT_REFUSED = 403;

/** Node's own server, which answers every request that it understands with 200, and tells what it saw. */
export class NodeHttp implements AsyncDisposable {
  readonly #server: Server;
  /** By the client's port. */
  readonly #seen = new Map<number, Seen>();

  private constructor() {
    this.#server = createServer((request, response) => {
      const seen = this.#of(request.socket);
      // In their order, though bodies end later.
      const slot: Partial<SeenRequest> = {};
      seen.requests.push(slot as SeenRequest);
      readAll(request).then((body) => {
        Object.assign(slot, {
          method: request.method,
          target: request.url,
          version: request.httpVersion,
          fields: pairs(request.rawHeaders),
          body,
          trailers: pairs(request.rawTrailers),
        });
        response.end();
      }, ignore);
    });
    this.#server.on("clientError", (error: Error & { code?: string }, socket) => {
      this.#of(socket as Socket).refusal ??= error.code ?? error.message;
      if (socket.writable)
        socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    });
    this.#server.on("connect", (request: IncomingMessage, socket) => {
      const { method = "", url: target = "", httpVersion: version, rawHeaders } = request;
      const fields = pairs(rawHeaders);
      this.#of(socket as Socket).requests.push({ method, target, version, fields, body: "", trailers: [] });
      socket.end(`HTTP/1.1 ${CONNECT_REFUSED} Forbidden\r\nConnection: close\r\n\r\n`);
    });
    // A client that ends its side is still answered.
    Object.assign(this.#server, { httpAllowHalfOpen: true });
  }

  static async listening(): Promise<NodeHttp> {
    const node = new NodeHttp();
    await new Promise<void>((resolve) => node.#server.listen(0, "127.0.0.1", resolve));
    return node;
  }

  /** Sends the bytes and the end, and tells what came of it. */
  async see(bytes: Uint8Array): Promise<Seen> {
    const { port } = this.#server.address() as AddressInfo;
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    const answered: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => void answered.push(chunk));
    await new Promise((resolve) => socket.once("connect", resolve));
    const { localPort = 0 } = socket;
    const closed = new Promise<void>((resolve) => {
      // A reset says no more than an end does.
      socket
        .on("error", ignore)
        .on("end", resolve)
        .on("close", () => resolve());
    });
    socket.end(bytes);
    await closed;
    socket.destroy();
    const seen = this.#seen.get(localPort) ?? { requests: [], statuses: [] };
    this.#seen.delete(localPort);
    seen.requests = seen.requests.filter(({ method }) => method !== undefined);
    seen.statuses = statusesIn(Buffer.concat(answered).toString("latin1"));
    const refusing = seen.statuses.find((status) => status >= 400 && status !== CONNECT_REFUSED);
    if (refusing !== undefined) seen.refusal ??= String(refusing);
    return seen;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #of({ remotePort = 0 }: Socket): Seen {
    const seen = this.#seen.get(remotePort) ?? { requests: [], statuses: [] };
    this.#seen.set(remotePort, seen);
    return seen;
  }
}

/** None of its answers has a body. */
function statusesIn(text: string): number[] {
  return [...text.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)]
    .map(([, status]) => Number(status))
    .filter((status) => status >= 200);
}

async function readAll(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString("latin1");
}

function pairs(raw: readonly string[]): [string, string][] {
  return Array.from({ length: raw.length / 2 }, (_, nth) => [raw[2 * nth]!, raw[2 * nth + 1]!]);
}

function ignore(): void {}
