import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** A peer that speaks bytes: reads as much as it is told to, and lets the rest wait in the kernel. */
export class Wire implements Disposable {
  readonly #socket: Socket;
  readonly #chunks: AsyncIterator<Buffer>;
  #read: Buffer[] = [];
  #length = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#chunks = socket[Symbol.asyncIterator]();
    // Whoever reads is told.
    socket.on("error", () => {});
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

  /** Our side has said all. */
  end(): void {
    this.#socket.end();
  }

  /** Resolves when so many bytes have come, and leaves them there. */
  async has(length: number): Promise<void> {
    while (this.#length < length) {
      if (!(await this.#readOn()))
        throw new Error(`${this.#length} bytes and the end, where ${length} were due`);
    }
  }

  async read(length: number): Promise<Buffer> {
    await this.has(length);
    return this.#take(length);
  }

  /** Up to and with the first line feed. */
  async readLine(): Promise<string> {
    let length = 1;
    for (;;) {
      await this.has(length);
      const end = Buffer.concat(this.#read).indexOf("\n") + 1;
      if (end > 0) return this.#take(end).toString();
      length = this.#length + 1;
    }
  }

  /** All until the peer's end. */
  async rest(): Promise<Buffer> {
    while (await this.#readOn());
    return this.#take(this.#length);
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  async #readOn(): Promise<boolean> {
    const { done, value } = await this.#chunks.next();
    if (done) return false;
    this.#read.push(value);
    this.#length += value.length;
    return true;
  }

  #take(length: number): Buffer {
    const all = Buffer.concat(this.#read);
    this.#read = [all.subarray(length)];
    this.#length -= length;
    return all.subarray(0, length);
  }
}
