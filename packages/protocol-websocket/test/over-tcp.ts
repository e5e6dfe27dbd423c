import type { Socket } from "node:net";
import { type CodecFactory, Framed, ProtocolError, toBuffer } from "@sock/codec";
import type { FrameNote, WebSocketMessage, WebSocketMessageOut } from "../src/index.ts";

type Note = FrameNote | { type: "open"; isDeflating: boolean } | { type: "refused" };

/** A codec on a socket, with as little between them as will do. */
export class OverTcp {
  readonly framed: Framed<WebSocketMessage, WebSocketMessageOut, Note>;
  readonly messages: WebSocketMessage[] = [];
  readonly notes: Note[] = [];
  error: unknown;
  /** Is called whenever something came. */
  onNews: () => void = () => {};
  onMessage: (message: WebSocketMessage) => void = () => {};
  readonly #socket: Socket;

  constructor(socket: Socket, factory: CodecFactory<WebSocketMessage, WebSocketMessageOut, Note>) {
    this.#socket = socket.setNoDelay(true);
    this.framed = new Framed<WebSocketMessage, WebSocketMessageOut, Note>(factory, {
      message: (message) => {
        this.messages.push(message);
        this.onMessage(message);
        this.#news();
      },
      note: (note) => void this.#news(this.notes.push(note)),
      write: (encoded) => void socket.write(toBuffer(encoded as Uint8Array)),
      end: () => void socket.end(),
      ended: () => {},
      failed: (error) => this.#failed(error),
    });
    socket.on("data", (chunk: Buffer) => this.framed.receive(chunk));
    socket.on("end", () => this.framed.finish());
    socket.on("error", (error) => {
      this.error ??= error;
      this.#news();
    });
    socket.on("close", () => this.framed.closed());
    this.framed.start();
  }

  get pongs(): string[] {
    return this.notes.flatMap((note) =>
      note.type === "pong" ? [Buffer.from(note.data).toString("hex")] : [],
    );
  }

  get closeNote(): { code: number; reason: string } | undefined {
    return this.notes.find((note) => note.type === "close");
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #failed(error: unknown): void {
    this.error = error;
    if (ProtocolError.is(error) && error.farewell !== undefined) this.#socket.write(toBuffer(error.farewell));
    this.#socket.end();
    this.#news();
  }

  #news(_?: unknown): void {
    this.onNews();
  }
}
