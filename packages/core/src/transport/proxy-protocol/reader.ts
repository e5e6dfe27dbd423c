import { RecvBuffer } from "@sock/codec";
import type { ProxyHeader } from "./header.ts";
import { decodeV1, measureV1 } from "./v1.ts";
import { decodeV2, measureV2, SIGNATURE } from "./v2.ts";

/** Reads one PROXY header of either version, however it is cut. Knows no sockets. */
export class ProxyHeaderReader {
  readonly #max: number;
  readonly #buffer = new RecvBuffer();
  #length = 0;

  /** @param max bytes that a header may take */
  constructor(max: number) {
    this.#max = max;
  }

  /**
   * The header, when `chunk` completes it, and what stands behind it.
   * @throws ProtocolError `PROXY_HEADER`
   */
  receive(chunk: Buffer): { header: ProxyHeader; rest: Buffer } | undefined {
    if (chunk.length === 0) return undefined;
    this.#buffer.append(chunk, this.#length);
    const unread = this.#buffer.unread();
    const isV2 = unread[0] === SIGNATURE[0];
    if (this.#length === 0) this.#length = isV2 ? measureV2(unread, this.#max) : measureV1(unread);
    if (this.#length === 0 || this.#length > this.#buffer.length) return undefined;
    const bytes = this.#buffer.take(this.#length);
    return {
      header: isV2 ? decodeV2(bytes) : decodeV1(bytes),
      rest: this.#buffer.take(this.#buffer.length),
    };
  }

  /** Bytes that have come. */
  get received(): number {
    return this.#buffer.length;
  }
}
