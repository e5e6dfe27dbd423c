export { type EventStreamOptions, eventStream, type ServerSentEvent } from "./event-stream.ts";
export type { HeadersToSend } from "./head/field-lines.ts";
export type { Fields } from "./head/fields.ts";
export { type HttpOptions, http } from "./http.ts";
export type { IncomingBody } from "./incoming-body.ts";
export type { HttpLimits } from "./limits.ts";
export type { HttpRequest } from "./request.ts";
export type { BodyToSend, HttpAnswer, HttpResponse, StreamedBody } from "./response.ts";
export { CYCLE, type Event, type Role, type State } from "./state.ts";
