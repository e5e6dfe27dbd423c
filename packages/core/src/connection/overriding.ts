import type { Transport } from "../transport/transport.ts";
import { Addressed } from "./addressed.ts";
import type { Handlers } from "./handlers.ts";

type Name = "onMessage" | "onNote" | "onBufferFull" | "onBufferDrain" | "onEnd" | "onError" | "onClose";

/** Shared by all connections whose callbacks are those of their server. All names are there: the shape stays the same. */
const NONE = {
  onMessage: undefined,
  onNote: undefined,
  onBufferFull: undefined,
  onBufferDrain: undefined,
  onEnd: undefined,
  onError: undefined,
  onClose: undefined,
};

/** Callbacks that are a connection's own, in place of those that it has in common with others. */
export abstract class Overriding<In, Out, Note, Context> extends Addressed {
  protected handlers: Handlers<In, Out, Note, Context>;
  protected own: { readonly [K in Name]: Handlers<In, Out, Note, Context>[K] | undefined } = NONE;

  constructor(transport: Transport, handlers: Handlers<In, Out, Note, Context>) {
    super(transport);
    this.handlers = handlers;
  }

  get onMessage(): Handlers<In, Out, Note, Context>["onMessage"] | undefined {
    return this.own.onMessage;
  }

  set onMessage(handler: Handlers<In, Out, Note, Context>["onMessage"] | undefined) {
    this.override("onMessage", handler);
  }

  get onNote(): Handlers<In, Out, Note, Context>["onNote"] | undefined {
    return this.own.onNote;
  }

  set onNote(handler: Handlers<In, Out, Note, Context>["onNote"] | undefined) {
    this.override("onNote", handler);
  }

  get onBufferFull(): Handlers<In, Out, Note, Context>["onBufferFull"] | undefined {
    return this.own.onBufferFull;
  }

  set onBufferFull(handler: Handlers<In, Out, Note, Context>["onBufferFull"] | undefined) {
    this.override("onBufferFull", handler);
  }

  get onBufferDrain(): Handlers<In, Out, Note, Context>["onBufferDrain"] | undefined {
    return this.own.onBufferDrain;
  }

  set onBufferDrain(handler: Handlers<In, Out, Note, Context>["onBufferDrain"] | undefined) {
    this.override("onBufferDrain", handler);
  }

  get onEnd(): Handlers<In, Out, Note, Context>["onEnd"] | undefined {
    return this.own.onEnd;
  }

  set onEnd(handler: Handlers<In, Out, Note, Context>["onEnd"] | undefined) {
    this.override("onEnd", handler);
  }

  get onError(): Handlers<In, Out, Note, Context>["onError"] | undefined {
    return this.own.onError;
  }

  set onError(handler: Handlers<In, Out, Note, Context>["onError"] | undefined) {
    this.override("onError", handler);
  }

  get onClose(): Handlers<In, Out, Note, Context>["onClose"] | undefined {
    return this.own.onClose;
  }

  set onClose(handler: Handlers<In, Out, Note, Context>["onClose"] | undefined) {
    this.override("onClose", handler);
  }

  /** Others are called from now on. */
  protected replaceHandlers(handlers: Handlers<In, Out, Note, Context>): void {
    this.handlers = handlers;
    this.own = NONE;
  }

  protected override<K extends Name>(
    name: K,
    handler: Handlers<In, Out, Note, Context>[K] | undefined,
  ): void {
    this.own = { ...this.own, [name]: handler };
  }
}
