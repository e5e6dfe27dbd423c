import { ProtocolError } from "@sock/codec";
import { diagnostics, handlerTracing, traceHandler } from "../diagnostics.ts";
import { SockError } from "../errors.ts";
import type { Stats } from "../stats.ts";
import type { Transport } from "../transport/transport.ts";
import type { Connection } from "./connection.ts";
import type { ErrorPhase, Handlers } from "./handlers.ts";
import type { ConnectionSettings } from "./options.ts";
import { Overriding } from "./overriding.ts";
import { isPromise } from "./promise.ts";

/** The callbacks that are told something, and nothing but the connection. */
type Occasion = "onConnect" | "onEnd" | "onBufferFull" | "onBufferDrain" | "onClose";

/** Calls the user, and reports what goes wrong, there and elsewhere. */
export abstract class Calling<In, Out, Note, Context> extends Overriding<In, Out, Note, Context> {
  abstract readonly id: number;
  protected readonly stats: Stats;
  protected readonly settings: ConnectionSettings<In, Out, Note, Context>;
  /** The first thing that went wrong. */
  protected error: unknown;

  constructor(transport: Transport, settings: ConnectionSettings<In, Out, Note, Context>, stats: Stats) {
    super(transport, settings.handlers);
    this.settings = settings;
    this.stats = stats;
  }

  /** What the user is given. */
  protected abstract get self(): Connection<In, Out, Note, Context>;

  /** A handler threw, and that was reported. */
  protected abstract faulted(error: unknown): void;

  protected tell(occasion: Occasion): void {
    const own = occasion === "onConnect" ? undefined : this.own[occasion];
    const handler = own ?? this.handlers[occasion];
    if (handler !== undefined) this.#guard(occasion, undefined, () => handler.call(this.handlers, this.self));
  }

  protected tellNote(note: Note): void {
    const handler = this.own.onNote ?? this.handlers.onNote;
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

  /** Whether the user hears of errors. */
  protected get hearsErrors(): boolean {
    return this.#onError !== undefined;
  }

  get #onError(): Handlers<In, Out, Note, Context>["onError"] | undefined {
    return this.own.onError ?? this.handlers.onError;
  }

  protected tellError(error: unknown, phase: ErrorPhase): void {
    const handler = this.#onError;
    if (handler === undefined) {
      if (isBug(error, phase)) this.settings.logger.error({ err: error }, `connection ${this.id}, ${phase}`);
      return;
    }
    const failed = (thrown: unknown) =>
      this.settings.logger.error({ err: thrown }, `connection ${this.id}, onError`);
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
