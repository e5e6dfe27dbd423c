import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { type Arrival, NetTransport } from "../net-transport.ts";
import { SocketTlsDetails, type TlsDetails } from "./details.ts";

interface Carrier extends Socket {
  /** Whether it is reset when it is destroyed. */
  resetAndClosing?: boolean;
  _handle: { writeQueueSize?: unknown; bytesWritten?: unknown } | null;
}

const EMPTY = Buffer.alloc(0);

/** A record of TLS (RFC 8446 5.1), and the engine's cork. */
const SMALL = 16 * 1024;

/**
 * A TLS socket of Node whose handshake is done. Reads as a TCP socket does, and writes otherwise.
 *
 * TLS encrypts into memory of its own, and Node tells that this is done at the end of the turn at the earliest, when the
 * kernel may have had it all long before. So the kernel's side of the carrier is asked what it took; and of a small write
 * behind which nothing comes not even that, since TLS has taken it: asking is 1 % of a message of 64 bytes (Node 26). A peer
 * that does not read shows at the next one.
 */
export class TlsTransport extends NetTransport {
  readonly #socket: TLSSocket;
  readonly #carrier: Carrier;
  #tls: TlsDetails | undefined;
  #isBehind = false;
  /** When something began to wait: bytes that had been written and did not wait, and what the kernel had of all. */
  #settledThen = 0;
  #takenThen = 0;

  /** @param carrier what the encrypted bytes go over */
  constructor(socket: TLSSocket, carrier: Socket, arrival?: Arrival) {
    super(socket, "tls", arrival);
    this.#socket = socket;
    this.#carrier = carrier as Carrier;
  }

  override get tls(): TlsDetails {
    this.#tls ??= new SocketTlsDetails(this.#socket);
    return this.#tls;
  }

  override get waiting(): number {
    return this.#isBehind ? this.#socket.writableLength : 0;
  }

  /** What the kernel takes is encrypted, and a little longer: so there is less than this says, or a few bytes more. */
  override get unsent(): number {
    const { waiting } = this;
    if (waiting === 0) return 0;
    const since = this.#socket.bytesWritten - this.#settledThen - (this.#takenByKernel - this.#takenThen);
    return Math.min(Math.max(since, 1), waiting);
  }

  override write(pieces: readonly Uint8Array[]): void {
    const socket = this.#socket;
    // Behind another write of this turn it waits in the stream, and nobody has encrypted it.
    const isFirst = socket.writableLength === 0;
    const isSmall = pieces.length === 1 && (pieces[0] as Uint8Array).length <= SMALL;
    const takenBefore = isSmall ? 0 : this.#takenByKernel;
    const writtenBefore = isSmall ? 0 : socket.bytesWritten;
    if (pieces.length === 1) {
      writePiece(socket, pieces[0] as Uint8Array);
    } else {
      socket.cork();
      for (const piece of pieces) writePiece(socket, piece);
      socket.uncork();
    }
    if (this.#isBehind || socket.writableLength === 0) return;
    if (!isFirst) this.#beginWaiting(this.#takenByKernel);
    // An empty queue of the carrier is not enough: TLS gives it no more than some records at a time, and none in a handshake.
    else if (!isSmall && this.#takenByKernel - takenBefore < socket.bytesWritten - writtenBefore)
      this.#beginWaiting(takenBefore);
  }

  override reset(): void {
    // What `resetAndDestroy` comes to in the end; first it would wait for all that was written to be taken. Where a Node
    // knows nothing of it, this is a cut.
    this.#carrier.resetAndClosing = true;
    super.reset();
  }

  override end(): void {
    // Whoever closes gives those bytes their time too.
    if (!this.#isBehind && this.#socket.writableLength > 0 && this.#isCarrierBehind)
      this.#beginWaiting(this.#takenByKernel);
    super.end();
  }

  get #isCarrierBehind(): boolean {
    return this.#carrier._handle?.writeQueueSize !== 0;
  }

  /** Where a Node does not tell, nothing, and whatever is large waits until TLS says otherwise. */
  get #takenByKernel(): number {
    const handle = this.#carrier._handle;
    if (typeof handle?.writeQueueSize !== "number" || typeof handle.bytesWritten !== "number") return 0;
    return handle.bytesWritten - handle.writeQueueSize;
  }

  #beginWaiting(taken: number): void {
    this.#settledThen = this.#socket.bytesWritten - this.#socket.writableLength;
    this.#takenThen = taken;
    this.#awaitTaken();
  }

  /** An empty write behind what waits is told of when all that came before it has been taken. */
  #awaitTaken(): void {
    const socket = this.#socket;
    const taken = (error?: Error | null) => {
      if (error || socket.destroyed) return;
      this.#isBehind = false;
      if (socket.writableLength === 0) this.flushed();
      else this.#awaitTaken();
    };
    this.#isBehind = true;
    if (socket.writableEnded) socket.once("finish", taken);
    else socket.write(EMPTY, taken);
  }
}

/** An empty write is a write to the stream, and makes others wait, without a byte that shows it. */
function writePiece(socket: TLSSocket, piece: Uint8Array): void {
  if (piece.length > 0) socket.write(piece);
}
