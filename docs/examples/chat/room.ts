import { Prepared, type SendResult } from "@sock/core";

/** What happens in a room. */
export type RoomEvent =
  | { readonly type: "came"; readonly name: string }
  | { readonly type: "left"; readonly name: string }
  | { readonly type: "renamed"; readonly name: string; readonly now: string }
  | { readonly type: "said"; readonly name: string; readonly text: string; readonly at: number };

/** What a page is told first: who it is, who is there, and what was said before it came. */
export interface Welcome {
  readonly type: "welcome";
  readonly you: string;
  readonly here: readonly string[];
  readonly before: readonly RoomEvent[];
}

/** Whoever can be sent a string: a connection of any protocol that has texts. */
export interface Ear {
  send(message: string | Prepared<string>): SendResult;
}

/** How somebody hears what happens: as lines to be read, or as JSON for a page. */
export type Hearing = "lines" | "json";

export interface Member {
  name: string;
  readonly ear: Ear;
  readonly hearing: Hearing;
}

const MAX_NAME = 24;
const MAX_TEXT = 2000;
const MAX_BEFORE = 50;

/** One room, whatever its members speak. Each has a name that nobody else has. */
export class Room {
  readonly #members = new Set<Member>();
  readonly #before: RoomEvent[] = [];
  #guests = 0;

  /** `wished` is the name that somebody would like to have. */
  enter(ear: Ear, hearing: Hearing, wished?: string): Member {
    const name = this.#nameFor(wished ?? "") ?? `user[${++this.#guests}]`;
    const member: Member = { name, ear, hearing };
    if (hearing === "json") ear.send(JSON.stringify(this.#welcome(member)));
    this.#members.add(member);
    this.#tellAll({ type: "came", name: member.name });
    return member;
  }

  leave(member: Member): void {
    if (this.#members.delete(member)) this.#tellAll({ type: "left", name: member.name });
  }

  /** Somebody says something, or asks for another name: `/name Ann`. */
  hear(member: Member, message: string): void {
    const [, wished] = /^\/name (.*)$/s.exec(message) ?? [];
    if (wished !== undefined) return this.#rename(member, wished);
    const text = message.slice(0, MAX_TEXT).trim();
    if (text === "") return;
    const said: RoomEvent = { type: "said", name: member.name, text, at: Date.now() };
    this.#before.push(said);
    if (this.#before.length > MAX_BEFORE) this.#before.shift();
    this.#tellAll(said);
  }

  #welcome({ name }: Member): Welcome {
    const here = [...this.#members].map((member) => member.name);
    return { type: "welcome", you: name, here, before: this.#before };
  }

  #rename(member: Member, wished: string): void {
    const { name } = member;
    // Its own name is free to it.
    member.name = "";
    member.name = this.#nameFor(wished) ?? name;
    if (member.name !== name) this.#tellAll({ type: "renamed", name, now: member.name });
  }

  /** The name, or one like it that nobody has; `undefined` when nothing of it can be shown. */
  #nameFor(wished: string): string | undefined {
    const name = [...oneLine(wished)].slice(0, MAX_NAME).join("").trim();
    // Those are given, not taken.
    if (name === "" || /^user\[/i.test(name)) return undefined;
    const taken = new Set(Array.from(this.#members, (member) => member.name.toLowerCase()));
    for (let n = 1; ; n++) {
      const candidate = n === 1 ? name : `${name} ${n}`;
      if (!taken.has(candidate.toLowerCase())) return candidate;
    }
  }

  #tellAll(event: RoomEvent): void {
    // Encoded once for each protocol, however many are in the room.
    const told = { lines: new Prepared(lineOf(event)), json: new Prepared(JSON.stringify(event)) };
    for (const { ear, hearing } of this.#members) ear.send(told[hearing]);
  }
}

function lineOf(event: RoomEvent): string {
  switch (event.type) {
    case "came":
      return `${event.name} came`;
    case "left":
      return `${event.name} logout`;
    case "renamed":
      return `${event.name} is now ${event.now}`;
    case "said":
      return `${event.name} said: ${oneLine(event.text)}`;
  }
}

/** Controls move cursors and change colors in the terminals of others, and half a character is none. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+/gu, " ");
}
