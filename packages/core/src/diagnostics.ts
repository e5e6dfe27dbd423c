import { channel, tracingChannel } from "node:diagnostics_channel";
import { isPromise } from "./connection/promise.ts";

/**
 * Channels of `node:diagnostics_channel`, by name. A message carries `connection` and what is named here.
 *
 * - `sock:connection:open`, `sock:connection:close`
 * - `sock:connection:message`: `message`, before it is delivered
 * - `sock:connection:drop`: `message`, that `send` did not accept
 * - `sock:connection:error`: `error`, `phase`
 * - `sock:connection:deadline`: `deadline`, which has run out: `"idle"`, `"write"`, `"close"`, `"full"`, or the name of a
 *   protocol's phase. Also for those that are no error
 */
export const diagnostics = {
  open: channel("sock:connection:open"),
  close: channel("sock:connection:close"),
  message: channel("sock:connection:message"),
  drop: channel("sock:connection:drop"),
  error: channel("sock:connection:error"),
  deadline: channel("sock:connection:deadline"),
};

/** What the events of `handlerTracing` carry. It is one object for all events of one call. */
export interface HandlerTrace {
  connection: unknown;
  /** `"onMessage"`, `"onConnect"`, … */
  handler: string;
  /** What the handler was given beside the connection: a message, a note, an error. */
  argument: unknown;
  error?: unknown;
}

/**
 * A `TracingChannel` of `node:diagnostics_channel` around every call of a handler: `tracing:sock:handler:start`, `end`,
 * `error`, and for one that answers with a promise `asyncStart` and `asyncEnd` when it is settled. Stores that are bound
 * to `start` hold within the handler, and what it awaits.
 */
export const handlerTracing = tracingChannel<object, HandlerTrace>("sock:handler");

/** Makes `call` and tells of it. What it answers and throws stays as it is, so a handler runs as it does untraced. */
export function traceHandler(trace: HandlerTrace, call: () => unknown): unknown {
  const { start, end, error, asyncStart, asyncEnd } = handlerTracing;
  const settled = () => {
    asyncStart.publish(trace);
    asyncEnd.publish(trace);
  };
  return start.runStores(trace, () => {
    try {
      const handling = call();
      if (!isPromise(handling)) return handling;
      return handling.then(settled, (thrown: unknown) => {
        error.publish(Object.assign(trace, { error: thrown }));
        settled();
        throw thrown;
      });
    } catch (thrown) {
      error.publish(Object.assign(trace, { error: thrown }));
      throw thrown;
    } finally {
      end.publish(trace);
    }
  });
}
