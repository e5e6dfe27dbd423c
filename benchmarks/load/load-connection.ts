import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

/** Where every connection is read into: what has arrived is counted or copied before anything else is read. */
const chunk = Buffer.allocUnsafeSlow(64 * 1024);
const EMPTY: Buffer = Buffer.alloc(0);

/** What to send, and what must come back for it. */
export interface Exchange {
  request: Buffer;
  /** How many responses come back. */
  responses: number;
  /** Length of the response at the start of `received`, or 0 while it has not all come. */
  measure(received: Buffer): number;
  isRight(response: Buffer, index: number): boolean;
}

/**
 * A connection to the server under load. Whatever goes wrong is thrown from the event loop, for the process to end.
 *
 * Load goes out in blocks of as many requests as are to be in flight, and a block when the one before was answered
 * whole. A sliding window would fall apart into single requests at servers that answer in pieces, and so load each
 * server differently.
 */
export class LoadConnection {
  /** Bytes that came back under load. */
  received = 0;

  readonly #socket: Socket;
  #isLoading = false;
  #block = EMPTY;
  #answerLength = 0;
  /** Bytes still to come for the block that is out. */
  #due = 0;
  #answered: (() => void) | undefined;
  #readResponses: ((bytes: Buffer) => void) | undefined;
  #responseLength = 0;
  #heard: (() => void) | undefined;

  /** @param where a port of this machine, or the path of a unix socket */
  constructor(where: number | string, tls = false) {
    const options = {
      ...(typeof where === "string" ? { path: where } : { host: "127.0.0.1", port: where }),
      noDelay: true,
      // Past the readable stream: no buffer is made for what is only counted.
      onread: { buffer: chunk, callback: (length: number) => this.#read(length) },
    };
    this.#socket = tls ? connectTls({ ...options, rejectUnauthorized: false }) : connect(options);
    this.#socket.on("close", () => {
      throw new Error("the server closed a connection");
    });
  }

  /** Resolves with the lengths of the responses. Each of them is checked. */
  exchange({ request, responses, measure, isRight }: Exchange): Promise<number[]> {
    return new Promise((resolve) => {
      const lengths: number[] = [];
      let unread = EMPTY;
      this.#readResponses = (bytes) => {
        unread = Buffer.concat([unread, bytes]);
        while (lengths.length < responses) {
          const length = measure(unread);
          if (length === 0) return;
          const response = unread.subarray(0, length);
          if (!isRight(response, lengths.length)) throw new Error(`a wrong response: ${show(response)}`);
          lengths.push(length);
          unread = unread.subarray(length);
        }
        if (unread.length > 0) throw new Error(`not asked for: ${show(unread)}`);
        this.#readResponses = undefined;
        resolve(lengths);
      };
      this.#socket.write(request);
    });
  }

  /** Sends `block` whenever the `answerLength` bytes of its answer have come back, until `stop`. */
  start(block: Buffer, answerLength: number): void {
    this.#block = block;
    this.#answerLength = answerLength;
    this.#isLoading = true;
    this.#send();
  }

  /** Resolves when everything was answered. */
  stop(): Promise<void> {
    this.#isLoading = false;
    return new Promise((resolve) => {
      this.#answered = resolve;
    });
  }

  /** From now on `heard` is called for each `responseLength` bytes that come. */
  hear(responseLength: number, heard: () => void): void {
    this.#responseLength = responseLength;
    this.#due = responseLength;
    this.#heard = heard;
  }

  hearNothing(): void {
    this.#heard = undefined;
  }

  send(request: Buffer): void {
    this.#socket.write(request);
  }

  #send(): void {
    this.#due = this.#answerLength;
    this.#socket.write(this.#block);
  }

  #read(length: number): boolean {
    if (this.#readResponses !== undefined) this.#readResponses(chunk.subarray(0, length));
    else if (this.#heard !== undefined) this.#tell(length, this.#heard);
    else this.#count(length);
    return true;
  }

  #tell(length: number, heard: () => void): void {
    this.#due -= length;
    while (this.#due <= 0) {
      this.#due += this.#responseLength;
      heard();
    }
  }

  #count(length: number): void {
    this.received += length;
    this.#due -= length;
    if (this.#due > 0) return;
    if (this.#due < 0) throw new Error(`${-this.#due} bytes more than were asked for came back`);
    if (this.#isLoading) this.#send();
    else this.#answered?.();
  }
}

function show(bytes: Buffer): string {
  return JSON.stringify(bytes.toString("latin1", 0, 100));
}
