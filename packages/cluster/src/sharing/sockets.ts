import { type BoundSocket, bindSocket, type SocketAddress } from "@sock/core/sockets";
import type { Member, Sharing } from "./sharing.ts";

/**
 * Listening sockets that are the master's, and with which processes listen: one for all, or one for each id. A process that
 * comes listens with the same socket as the one it replaces, and so none of the connections that wait in it are lost. The
 * socket of an id without a process is lent to another process, which takes those that wait there.
 */
export class SharedSockets implements Sharing {
  readonly accept: "reusePort" | "shared";
  readonly address: string;
  readonly #sockets: readonly BoundSocket[];
  readonly #members = new Set<Member>();
  /** Who listens with the socket of an id that has nobody of its own. */
  readonly #borrowers = new Map<number, Member>();
  #isClosed = false;

  private constructor(accept: "reusePort" | "shared", sockets: readonly [BoundSocket, ...BoundSocket[]]) {
    this.accept = accept;
    this.address = sockets[0].address;
    this.#sockets = sockets;
  }

  /** @throws AddressError */
  static async one(address: SocketAddress): Promise<SharedSockets> {
    return new SharedSockets("shared", [await bindSocket(address)]);
  }

  /** @throws AddressError */
  static async forEach(address: SocketAddress, count: number): Promise<SharedSockets> {
    // Whoever shares an address shares it with any process of the same user: one that is in use already must be noticed.
    const probe = await bindSocket(address);
    probe.close();
    const at = { ...address, port: Number(/\d+$/.exec(probe.address)) };
    const first = await bindSocket(at, { isShared: true });
    const others: BoundSocket[] = [];
    while (others.length < count - 1) others.push(await bindSocket(at, { isShared: true }));
    return new SharedSockets("reusePort", [first, ...others]);
  }

  join(member: Member): void {
    const at = this.#socketOf(member);
    this.#members.add(member);
    this.#listen(member, at);
    const borrower = this.#borrowers.get(at);
    if (borrower === undefined) return;
    this.#borrowers.delete(at);
    borrower.send({ is: "leave", socket: at });
  }

  leave(member: Member): void {
    if (!this.#members.delete(member)) return;
    this.#lendOut(this.#socketOf(member));
    for (const [at, borrower] of this.#borrowers) {
      if (borrower !== member) continue;
      this.#borrowers.delete(at);
      this.#lendOut(at);
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const socket of this.#sockets) socket.close();
  }

  #lendOut(at: number): void {
    const members = [...this.#members];
    if (members.some((member) => this.#socketOf(member) === at)) return;
    const [anyone] = members;
    if (anyone === undefined) return;
    this.#borrowers.set(at, anyone);
    this.#listen(anyone, at);
  }

  #listen(member: Member, at: number): void {
    if (!this.#isClosed) member.send({ is: "listen", socket: at }, this.#sockets[at]?.handle);
  }

  #socketOf({ id }: Member): number {
    return this.#sockets.length === 1 ? 0 : id;
  }
}
