/** Clients of a fleet, in a process of their own: each asks, waits for the answer, and asks again. */
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { answer } from "../../method/child.ts";
import { type Talk, type TalkName, talks } from "./talks.ts";

/** What has come of the load since it began. */
export interface Tally {
  answered: number;
  /** Connections that were refused. */
  refused: number;
  /** Ends and errors instead of an answer, by what they were; those of connections of each pid; -1: of none that had answered. */
  failed: Record<string, number>;
  failedOf: Record<number, number>;
  /** Goodbyes: with an answer, by a close code, by an end behind an answer. */
  told: number;
  /** Questions that crossed with a goodbye, and were asked again over the next connection. */
  askedAgain: number;
  /** The longest from the goodbye to the first answer over the next connection, in ms. */
  back: number;
  /** Clients that have got an answer since `pulse`. */
  alive: number;
}

let tally = fresh();
const alive = new Set<number>();
let isOn = true;
/** What a WebSocket client should be told: 1012 where another process takes over, 1001 where none does. */
let farewell = 1012;

function fresh(): Tally {
  return { answered: 0, refused: 0, failed: {}, failedOf: {}, told: 0, askedAgain: 0, back: 0, alive: 0 };
}

answer({
  begin(name: TalkName, port: number, clients: number) {
    for (let nth = 0; nth < clients; nth++) void client(talks[name], port, nth);
  },
  pulse: () => alive.clear(),
  tally: () => ({ ...tally, alive: alive.size }),
  forget: () => {
    tally = fresh();
  },
  expect: (code: number) => {
    farewell = code;
  },
  end: async () => {
    isOn = false;
    await sleep(200);
  },
});

async function client(talk: Talk, port: number, nth: number): Promise<void> {
  let since: number | undefined;
  while (isOn) {
    since = await converse(talk, port, nth, since);
  }
}

/** One connection, to its end. Answers when it was told goodbye, if it was and the client is not back yet. */
async function converse(
  talk: Talk,
  port: number,
  nth: number,
  since: number | undefined,
): Promise<number | undefined> {
  const line = new Line(port, talk);
  let toldAt = since;
  let pid = -1;
  let isOut = false;
  if (talk.hello !== undefined) {
    line.send(talk.hello);
    isOut = true;
  }
  let isGreeted = talk.hello === undefined;
  while (isOn) {
    if (isGreeted && !isOut) {
      if (pid !== -1 && talk.pause !== undefined) await sleep(talk.pause);
      if (!line.hasNews) {
        line.send(talk.question);
        isOut = true;
      }
    }
    const news = await line.next();
    if (news.is === "end") {
      if (!isOut) {
        tally.told++;
        toldAt = performance.now();
      } else if (news.why === "ECONNREFUSED") {
        tally.refused++;
        await sleep(20);
      } else fail(news.why, pid);
      return toldAt;
    }
    const wasOut = isOut;
    isOut = false;
    if (news.is === "greeting") {
      isGreeted = true;
      continue;
    }
    if (news.is === "goodbye") {
      if (news.code !== farewell) fail(`close code ${news.code}`, pid);
      tally.told++;
      if (wasOut) tally.askedAgain++;
      line.send(talk.goodbye!);
      line.close();
      return performance.now();
    }
    tally.answered++;
    alive.add(nth);
    pid = news.pid;
    if (toldAt !== undefined) tally.back = Math.max(tally.back, performance.now() - toldAt);
    toldAt = undefined;
    if (!news.isLast) continue;
    if (talk.isOnce !== true) {
      tally.told++;
      toldAt = performance.now();
    }
    line.close();
    return toldAt;
  }
  line.close();
  return toldAt;
}

function fail(why: string, pid: number): void {
  tally.failed[why] = (tally.failed[why] ?? 0) + 1;
  tally.failedOf[pid] = (tally.failedOf[pid] ?? 0) + 1;
}

type News =
  ReturnType<Talk["take"]> extends infer Taken ? NonNullable<Taken> | { is: "end"; why: string } : never;

/** A connection, and what comes on it one after the other. */
class Line {
  readonly #socket;
  readonly #talk: Talk;
  #received = Buffer.alloc(0);
  readonly #news: News[] = [];
  #told: () => void = () => {};

  constructor(port: number, talk: Talk) {
    this.#talk = talk;
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true });
    let why = "end";
    this.#socket.on("data", (bytes: Buffer) => this.#read(bytes));
    this.#socket.on("error", ({ code = "error" }: NodeJS.ErrnoException) => {
      why = code;
    });
    this.#socket.on("end", () => this.#tell({ is: "end", why: "end" }));
    this.#socket.on("close", () => this.#tell({ is: "end", why }));
  }

  get hasNews(): boolean {
    return this.#news.length > 0;
  }

  send(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  async next(): Promise<News> {
    while (this.#news.length === 0)
      await new Promise<void>((resolve) => {
        this.#told = resolve;
      });
    return this.#news.shift()!;
  }

  close(): void {
    this.#socket.end();
    this.#socket.resume();
  }

  #read(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes]);
    for (;;) {
      const taken = this.#talk.take(this.#received);
      if (taken === undefined) return;
      this.#received = this.#received.subarray(taken.length);
      this.#tell(taken);
    }
  }

  #tell(news: News): void {
    this.#news.push(news);
    this.#told();
  }
}
