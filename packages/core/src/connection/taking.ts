import { handlerTracing } from "../diagnostics.ts";
import { Calling } from "./calling.ts";
import type { Handlers } from "./handlers.ts";
import type { Taker } from "./messages.ts";

/** Finds somebody for each message: a taker, else `onMessage`; where nobody is there, it waits, and those behind it. */
export abstract class Taking<In, Out, Note, Context> extends Calling<In, Out, Note, Context> {
  protected taker: Taker<In> | undefined;
  /** Tells a message that waits that somebody may be there. */
  #attended: (() => void) | undefined;

  override get onMessage(): Handlers<In, Out, Note, Context>["onMessage"] | undefined {
    return this.own.onMessage;
  }

  override set onMessage(handler: Handlers<In, Out, Note, Context>["onMessage"] | undefined) {
    this.override("onMessage", handler);
    this.#attend();
  }

  protected override replaceHandlers(handlers: Handlers<In, Out, Note, Context>): void {
    super.replaceHandlers(handlers);
    this.#attend();
  }

  /**
   * From now on messages go to `taker`.
   * @throws TypeError when they go to another
   */
  protected takeBy(taker: Taker<In>): void {
    if (this.taker !== undefined) throw new TypeError("the messages of this connection are taken already");
    this.taker = taker;
    this.#attend();
  }

  /** `taker` takes no more. */
  release(taker: Taker<In>): void {
    if (this.taker === taker) this.taker = undefined;
  }

  protected get isUnattended(): boolean {
    return this.#attended !== undefined;
  }

  protected deliver(message: In): unknown {
    if (this.taker !== undefined) return this.taker.take(message);
    const handler = this.own.onMessage ?? this.handlers.onMessage;
    if (handler !== undefined) {
      if (!handlerTracing.hasSubscribers) return handler.call(this.handlers, this.self, message);
      return this.traced("onMessage", message, () => handler.call(this.handlers, this.self, message));
    }
    const attended = new Promise<void>((resolve) => {
      this.#attended = resolve;
    });
    this.unattended();
    return attended.then(() => this.deliver(message));
  }

  /** A message waits for somebody to take it, from now on … */
  protected abstract unattended(): void;
  /** … until now. False: nothing is delivered any more. */
  protected abstract attended(): boolean;

  /** Somebody may be there to take messages now. */
  #attend(): void {
    const attended = this.#attended;
    if (attended === undefined) return;
    this.#attended = undefined;
    if (this.attended()) attended();
  }
}
