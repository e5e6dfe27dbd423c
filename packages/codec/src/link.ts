import type { Bytes } from "./bytes.ts";
import type { CodecFactory, CodecLink, PhaseLimits } from "./codec.ts";
import type { FramedSink } from "./sink.ts";

/** What a link asks of its `Framed`; the rest goes to the sink. */
export interface LinkOwner {
  /** Nothing comes out any more. */
  readonly isOver: boolean;
  upgrade(next: CodecFactory<unknown, never, never>): void;
  /** Goes on decoding what has arrived. */
  run(): void;
}

type Effect<Note> =
  | { do: "reply"; bytes: Bytes }
  | { do: "upgrade"; next: CodecFactory<unknown, never, never> }
  | { do: "note"; note: Note }
  | { do: "run" };

const RUN = { do: "run" } as const;

/** Shared by all links that have noted a release and nothing else: a protocol of questions and answers does for each. */
const JUST_RUN: Effect<never>[] = [RUN];

/** Shared by all links that have noted nothing: an idle connection has no list of its own. */
const NONE: never[] = [];

const NO_LIMITS: PhaseLimits = {};

/**
 * The link of one codec: notes what is asked inside a codec call, and has it carried out when the call has returned.
 *
 * A hold only stops a loop that stands still while a codec is called, so it needs no noting; neither does a phase.
 */
export class Link<Note> implements CodecLink<Note> {
  maxPackageSize: number;
  isHeld = false;

  #owner: LinkOwner;
  #sink: FramedSink<never, Note>;
  #isSevered = false;
  #isCalling = false;
  #noted: Effect<Note>[] = NONE;
  #wantsEnd = false;

  constructor(owner: LinkOwner, sink: FramedSink<never, Note>, maxPackageSize: number) {
    this.#owner = owner;
    this.#sink = sink;
    this.maxPackageSize = maxPackageSize;
  }

  now(): number {
    return this.#sink.now?.() ?? performance.now();
  }

  reply(bytes: Bytes): void {
    this.#ask({ do: "reply", bytes });
  }

  upgrade(next: CodecFactory<unknown, never, never>): void {
    this.#ask({ do: "upgrade", next });
  }

  note(note: Note): void {
    this.#ask({ do: "note", note });
  }

  hold(): void {
    this.isHeld = true;
  }

  release(): void {
    if (!this.isHeld) return;
    this.isHeld = false;
    if (this.#isCalling && this.#noted === NONE && !this.#isSevered) this.#noted = JUST_RUN;
    else this.#ask(RUN);
  }

  end(): void {
    if (this.#isSevered) return;
    if (this.#isCalling) this.#wantsEnd = true;
    else this.#sink.end?.();
  }

  phase(name: string, limits: PhaseLimits = NO_LIMITS): void {
    if (!this.#isSevered) this.#sink.phase?.(name, limits);
  }

  /** A codec call begins. Answers whether one was under way, for `leave`. */
  enter(): boolean {
    const wasCalling = this.#isCalling;
    this.#isCalling = true;
    return wasCalling;
  }

  /** The codec call has returned: `settle` may follow. */
  leave(wasCalling: boolean): void {
    this.#isCalling = wasCalling;
  }

  /** Carries out what was noted, but an end. Within another codec call, that one's return is waited for. */
  settle(): void {
    if (this.#noted !== NONE && !this.#isCalling) this.#performNoted();
  }

  /** Carries out the replies that were noted: a factory's, which go out before the connection counts as open. */
  settleReplies(): void {
    const noted = this.#noted;
    if (noted === NONE) return;
    this.#noted = noted.filter((effect) => effect.do !== "reply");
    for (const effect of noted) if (effect.do === "reply") this.#perform(effect);
  }

  /** Whether an end was noted, which is for the caller to carry out: after the message of the same call was delivered. */
  takeEnd(): boolean {
    if (!this.#wantsEnd) return false;
    this.#wantsEnd = false;
    return true;
  }

  /** From now on nothing that the codec asks does anything. */
  sever(): void {
    this.#isSevered = true;
  }

  #ask(effect: Effect<Note>): void {
    if (this.#isSevered) return;
    if (!this.#isCalling) return this.#perform(effect);
    // Neither of those shared is written to.
    if (this.#noted === NONE || this.#noted === JUST_RUN) this.#noted = [...this.#noted];
    this.#noted.push(effect);
  }

  #performNoted(): void {
    const noted = this.#noted;
    this.#noted = NONE;
    // To the last, even when an upgrade among them has severed this link: they were asked for before it.
    for (const effect of noted) this.#perform(effect);
  }

  #perform(effect: Effect<Note>): void {
    if (this.#owner.isOver) return;
    if (effect.do === "upgrade") this.#owner.upgrade(effect.next);
    else if (effect.do === "run") this.#owner.run();
    else if (effect.do === "note") this.#sink.note?.(effect.note);
    else if (this.#sink.reply) this.#sink.reply(effect.bytes);
    else this.#sink.write(effect.bytes);
  }
}
