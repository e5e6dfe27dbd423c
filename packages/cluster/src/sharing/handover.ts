import { type Passing, passConnections, type StreamAddress } from "@sock/core/sockets";
import type { Member, Sharing } from "./sharing.ts";

/** Connections that may wait for a process to come. */
const BACKLOG = 1024;

/** A process that has so many more on their way than another does not take them: it is passed over. */
const BEHIND = 64;

interface Arrival {
  readonly connection: object;
  readonly forget: () => void;
}

/** The master accepts, and hands connections over unread, to one process after the other. */
export class Handover implements Sharing {
  readonly accept = "handover";
  #passing!: Passing;
  /** The next in turn first; and how many connections are on their way to it. */
  readonly #members = new Map<Member, number>();
  #waiting: Arrival[] = [];
  #isClosed = false;

  /** @throws AddressError */
  static async at(address: StreamAddress, failed: (error: Error) => void): Promise<Handover> {
    const handover = new Handover();
    handover.#passing = await passConnections(address, {
      backlog: BACKLOG,
      came: (connection, forget) => handover.#came({ connection, forget }),
      failed,
    });
    return handover;
  }

  get address(): string {
    return this.#passing.address;
  }

  join(member: Member): void {
    this.#members.set(member, 0);
    for (const arrival of this.#waiting.splice(0)) this.#came(arrival);
  }

  leave(member: Member): void {
    this.#members.delete(member);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#passing.close();
    for (const { forget } of this.#waiting.splice(0)) forget();
  }

  #came(arrival: Arrival): void {
    const next = this.#next();
    if (next !== undefined) this.#pass(arrival, next);
    else if (!this.#isClosed && this.#waiting.length < BACKLOG) this.#waiting.push(arrival);
    else arrival.forget();
  }

  #pass(arrival: Arrival, [member, underWay]: [Member, number]): void {
    // To the end of those in turn.
    this.#members.delete(member);
    this.#members.set(member, underWay + 1);
    member.send({ is: "connection" }, arrival.connection, (error) => {
      const now = this.#members.get(member);
      if (now !== undefined) this.#members.set(member, now - 1);
      // It is gone, and nobody has read any of it.
      if (error !== null) this.#came(arrival);
    });
  }

  #next(): [Member, number] | undefined {
    const least = Math.min(...this.#members.values());
    for (const member of this.#members) if (member[1] <= least + BEHIND) return member;
    return undefined;
  }
}
