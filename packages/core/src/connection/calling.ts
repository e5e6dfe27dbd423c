import { ProtocolError } from "@sock/codec";
import { diagnostics, handlerTracing, traceHandler } from "../diagnostics.ts";
import { SockError } from "../errors.ts";
import type { Logger } from "../logger.ts";
import type { Stats } from "../stats.ts";
import type { Transport } from "../transport/transport.ts";
import { Addressed } from "./addressed.ts";
import type { Connection } from "./connection.ts";
import type { ErrorPhase, Handlers } from "./handlers.ts";
import { isPromise } from "./promise.ts";

/** The callbacks that are told something, and nothing but the connection. */
type Occasion = "onConnect" | "onEnd" | "onBufferFull" | "onBufferDrain" | "onClose";

/** Calls the user, and reports what goes wrong, there and elsewhere. */
export abstract class Calling<In, Out, Note, Context> extends Addressed {
  onNote: Handlers<In, Out, Note, Context>["onNote"] | undefined;
  onBufferFull: Handlers<In, Out, Note, Context>["onBufferFull"] | undefined;
  onBufferDrain: Handlers<In, Out, Note, Context>["onBufferDrain"] | undefined;
  onEnd: Handlers<In, Out, Note, Context>["onEnd"] | undefined;
  onError: Handlers<In, Out, Note, Context>["onError"] | undefined;
  onClose: Handlers<In, Out, Note, Context>["onClose"] | undefined;

  abstract readonly id: number;
  protected readonly stats: Stats;
  protected handlers: Handlers<In, Out, Note, Context>;
  readonly #logger: Logger;
  /** The first thing that went wrong. */
  protected error: unknown;

  constructor(
    transport: Transport,
    { handlers, logger }: { readonly handlers: Handlers<In, Out, Note, Context>; readonly logger: Logger },
    stats: Stats,
  ) {
    super(transport);
    this.handlers = handlers;
    this.#logger = logger;
    this.stats = stats;
  }

  /** What the user is given. */
  protected abstract get self(): Connection<In, Out, Note, Context>;

  /** A handler threw, and that was reported. */
  protected abstract faulted(error: unknown): void;

  /** Others are called from now on. */
  protected replaceHandlers(handlers: Handlers<In, Out, Note, Context>): void {
    this.handlers = handlers;
    this.onNote = this.onBufferFull = this.onBufferDrain = undefined;
    this.onEnd = this.onError = this.onClose = undefined;
  }

  protected tell(occasion: Occasion): void {
    const own = occasion === "onConnect" ? undefined : this[occasion];
    const handler = own ?? this.handlers[occasion];
    if (handler !== undefined) this.#guard(occasion, undefined, () => handler.call(this.handlers, this.self));
  }

  protected tellNote(note: Note): void {
    const handler = this.onNote ?? this.handlers.onNote;
    if (handler !== undefined)
      this.#guard("onNote", note, () => handler.call(this.handlers, this.self, note));
  }

  #guard(phase: ErrorPhase, argument: unknown, call: () => unknown): void {
    try {
      const handling = this.traced(phase, argument, call);
      if (isPromise(handling)) handling.then(undefined, (error: unknown) => this.fault(error, phase));
    } catch (error) {
      this.fault(error, phase);
    }
  }

  /** Calls a handler where somebody traces them. */
  protected traced(handler: string, argument: unknown, call: () => unknown): unknown {
    if (!handlerTracing.hasSubscribers) return call();
    return traceHandler({ connection: this.self, handler, argument }, call);
  }

  /** A deadline has run out. Without an `error`, that was to be expected. */
  protected ranOut(deadline: string, error?: SockError): void {
    if (diagnostics.deadline.hasSubscribers) diagnostics.deadline.publish({ connection: this, deadline });
    if (error !== undefined) this.report(error, "deadline");
  }

  protected fault(error: unknown, phase: ErrorPhase): void {
    this.report(error, phase);
    this.faulted(error);
  }

  protected report(error: unknown, phase: ErrorPhase): void {
    this.error ??= error;
    this.stats.errors++;
    if (diagnostics.error.hasSubscribers) diagnostics.error.publish({ connection: this, error, phase });
    this.tellError(error, phase);
  }

  protected tellError(error: unknown, phase: ErrorPhase): void {
    const handler = this.onError ?? this.handlers.onError;
    if (handler === undefined) {
      if (isBug(error, phase)) this.#logger.error({ err: error }, `connection ${this.id}, ${phase}`);
      return;
    }
    const failed = (thrown: unknown) => this.#logger.error({ err: thrown }, `connection ${this.id}, onError`);
    const call = () => handler.call(this.handlers, this.self, error, phase);
    try {
      const handling = this.traced("onError", error, call);
      if (isPromise(handling)) handling.then(undefined, failed);
    } catch (thrown) {
      failed(thrown);
    }
  }
}

/** Whether somebody should look at the program, rather than at the peer or the network. */
function isBug(error: unknown, phase: ErrorPhase): boolean {
  return phase !== "transport" && !ProtocolError.is(error) && !(error instanceof SockError);
}
