import type { Question } from "./question.ts";
import { Cycle } from "./state.ts";

/** A request that is out, or is going out, and what has come of it. */
export class Exchange {
  readonly question: Question;
  readonly cycle = new Cycle();
  /** The one that was asked behind it, before it was over. */
  next: Exchange | undefined;
  /** Answers that have announced another. */
  interim = 0;

  constructor(question: Question) {
    this.question = question;
    this.cycle.requestBegun();
    this.cycle.isLast = question.isLast;
  }

  /** Whether an answer, or the rest of one, is still to come. */
  get isUnanswered(): boolean {
    return this.cycle.server === "answering" || this.cycle.server === "sending";
  }
}
