import type { HeadersToSend } from "./head/field-lines.ts";
import type { HttpResponse, StreamedBody } from "./response.ts";
import { open } from "./source.ts";

/** An event for `EventSource`. */
export interface ServerSentEvent {
  /** Text of any number of lines; a page gets them joined by line feeds, whatever ended them here. */
  readonly data?: string | undefined;
  /** Which listeners of the page hear it. Default: those for `message`. */
  readonly event?: string | undefined;
  /** What the page says in `Last-Event-ID` when it comes back. Stays in force for later events; `""` takes it back. */
  readonly id?: string | undefined;
  /** Milliseconds that the page is to wait before it comes back, from now on. */
  readonly retry?: number | undefined;
  /** What no page gets to see. */
  readonly comment?: string | undefined;
}

export interface EventStreamOptions {
  /** Further fields of the answer: `X-Accel-Buffering: no`, where nginx stands in front and would gather the events. */
  readonly headers?: HeadersToSend | undefined;
}

/**
 * Server-sent events, as an answer: `text/event-stream` of the HTML standard, 9.2. A string is an event that has nothing
 * but data. The next one is taken when there is room for it.
 *
 * When the client leaves, `events.return()` is called, and `request.signal` is aborted: a generator that awaits what may
 * never come has to listen to that. An event that cannot be sent, like an error of `events`, breaks the connection.
 *
 * While nothing comes, a comment is sent each `pingInterval` of the connection, lest proxies take it for dead.
 *
 * @example
 * connection.send(eventStream(news(request.headers.get("last-event-id"), request.signal)));
 */
export function eventStream(
  events: AsyncIterable<string | ServerSentEvent>,
  { headers = {} }: EventStreamOptions = {},
): HttpResponse {
  const given = Symbol.iterator in headers ? headers : Object.entries(headers);
  return {
    headers: [["Content-Type", "text/event-stream"], ["Cache-Control", "no-store"], ...given],
    body: new EventStream(events),
  };
}

class EventStream implements StreamedBody {
  readonly heartbeat = ":\n\n";
  readonly endsWithClient = true;
  readonly #events: AsyncIterable<string | ServerSentEvent>;

  constructor(events: AsyncIterable<string | ServerSentEvent>) {
    this.#events = events;
  }

  [Symbol.asyncIterator](): AsyncIterator<string, undefined> {
    const source = open(this.#events);
    return {
      async next() {
        const { done, value } = await source.next();
        return done ? { done, value: undefined } : { done: false, value: eventText(value) };
      },
      async return() {
        source.leave();
        return { done: true, value: undefined };
      },
    };
  }
}

/**
 * An event as it is sent, each field on a line of its own.
 * @throws TypeError for what would break out of its line, or be nothing that a page could hear of
 */
export function eventText(event: string | ServerSentEvent): string {
  const { data, event: type, id, retry, comment } = typeof event === "string" ? { data: event } : event;
  if (type !== undefined && data === undefined)
    throw new TypeError("an event without data is heard by nobody");
  let text = "";
  if (comment !== undefined) for (const line of lines("comment", comment)) text += `: ${line}\n`;
  if (type !== undefined) text += `event: ${oneLine("event", type)}\n`;
  if (id !== undefined) text += `id: ${oneLine("id", id)}\n`;
  if (retry !== undefined) text += `retry: ${milliseconds(retry)}\n`;
  if (data !== undefined) for (const line of lines("data", data)) text += `data: ${line}\n`;
  if (text === "") throw new TypeError("an event of nothing");
  return `${text}\n`;
}

/** Each of these ends a line: the HTML standard, 9.2.5. */
const LINE_END = /\r\n|\r|\n/;

function lines(name: string, text: unknown): string[] {
  if (typeof text !== "string") throw new TypeError(`the ${name} of an event is text, not ${typeof text}`);
  return text.split(LINE_END);
}

function oneLine(name: string, text: unknown): string {
  // An id with NUL would be passed over.
  if (typeof text === "string" && !/[\0\r\n]/.test(text)) return text;
  throw new TypeError(`the ${name} of an event is one line of text, without NUL`);
}

function milliseconds(retry: unknown): number {
  if (Number.isSafeInteger(retry) && (retry as number) >= 0) return retry as number;
  throw new TypeError(`retry is a whole number of milliseconds, not ${retry}`);
}
