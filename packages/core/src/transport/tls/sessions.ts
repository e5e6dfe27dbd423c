/**
 * Sessions that clients may resume: the next handshake with the same server costs a round trip and a signature less.
 *
 * A session is kept for one host name and one set of trust, and given to none but connections with the same: whoever was
 * asked for, which authorities were trusted and which certificate was shown decide that, since a resumed handshake looks
 * at none of them again. A session is used until the server gives a newer one, or a handshake fails: whoever listens on
 * the way can tell by it that two connections are of one client (RFC 8446 C.4).
 */
export class TlsSessions {
  readonly #max: number;
  readonly #kept = new Map<string, Buffer>();

  /** @param max how many are kept; the oldest makes room. Default 100, as Node's https has it: some 200 KB */
  constructor(max = 100) {
    if (!(max >= 1)) throw new RangeError(`no number of sessions to keep is ${max}`);
    this.#max = max;
  }

  get size(): number {
    return this.#kept.size;
  }

  /** @internal */
  keep(who: string, session: Buffer): void {
    this.#kept.delete(who);
    this.#kept.set(who, session);
    if (this.#kept.size <= this.#max) return;
    for (const oldest of this.#kept.keys()) {
      this.#kept.delete(oldest);
      return;
    }
  }

  /** @internal */
  get(who: string): Buffer | undefined {
    return this.#kept.get(who);
  }

  /** @internal */
  forget(who: string): void {
    this.#kept.delete(who);
  }

  clear(): void {
    this.#kept.clear();
  }
}
