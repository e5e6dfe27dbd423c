import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** A peer that speaks bytes: reads exactly as much as it is told to, and lets the rest wait. */
export class Wire implements Disposable {
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** `address` is one of TCP or of a unix socket, under any scheme: `text://127.0.0.1:2347`, `text+unix:/path`. */
  static async connect(address: string): Promise<Wire> {
    const [, path] = /^\w+\+unix:(.*)$/.exec(address) ?? [];
    const { hostname, port } = new URL(address);
    const socket = path ? connect(path) : connect(Number(port), hostname);
    await once(socket, "connect");
    return new Wire(socket);
  }

  send(...pieces: (string | Uint8Array)[]): void {
    for (const piece of pieces) this.#socket.write(piece);
  }

  async read(length: number): Promise<Buffer> {
    for (;;) {
      const bytes: Buffer | null = this.#socket.read(length);
      if (bytes?.length === length) return bytes;
      if (bytes !== null || this.#socket.readableEnded) throw new Error(`the end, where ${length} bytes were due`);
      await once(this.#socket, "readable");
    }
  }

  /** Up to and with `mark`. */
  async readUntil(mark: string): Promise<string> {
    let text = "";
    while (!text.endsWith(mark)) text += await this.read(1);
    return text;
  }

  /** Resolves when bytes have come, and leaves them there. */
  async readable(): Promise<void> {
    if (this.#socket.readableLength === 0) await once(this.#socket, "readable");
  }

  /** All until the peer's end. */
  async rest(): Promise<Buffer> {
    return Buffer.concat(await this.#socket.toArray());
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}
