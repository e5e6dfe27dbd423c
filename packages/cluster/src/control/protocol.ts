import type { AppStatus, ConnectionReport } from "../status.ts";

/**
 * How a command speaks with the master: one line of JSON asks, and lines of JSON answer, until one of them is the last. Then
 * the connection ends.
 */
export const CONTROL_VERSION = 1;

/** Bytes of a question. */
export const MOST_REQUEST = 4_096;

/** Bytes of one line of an answer: the status of thousands of processes. */
export const MOST_RESPONSE = 16 * 1024 * 1024;

/** Connections in one line: some 200 KiB. */
export const CONNECTIONS_A_LINE = 500;

/** Milliseconds between two lines that say that an answer is being worked at. */
export const WORKING_EVERY = 1_000;

/** What is asked. `isGraceful`: let connections finish, however long it takes. */
export type ControlRequest =
  | { readonly do: "status" /** Again every so many ms, for ever. */; readonly every?: number }
  | { readonly do: "connections"; readonly most: number }
  | { readonly do: "reload"; readonly isGraceful: boolean }
  | { readonly do: "stop"; readonly isGraceful: boolean };

export type ControlResponse =
  | { readonly is: "status"; readonly status: AppStatus }
  | { readonly is: "connections"; readonly connections: readonly ConnectionReport[] }
  | { readonly is: "connectionsEnd"; readonly left: number; readonly busy: readonly number[] }
  /** It takes its time. */
  | { readonly is: "working" }
  /** The last: it is done. */
  | { readonly is: "done" }
  /** The last: it is not, because of this. */
  | { readonly is: "failed"; readonly code: string; readonly sentence: string };

/** One line, without its end. */
export function seal(message: ControlRequest | ControlResponse): string {
  return JSON.stringify({ v: CONTROL_VERSION, ...message });
}

/** What a line says: a message of this version, of another, or none at all. */
export type Unsealed<Message> =
  | { readonly is: "message"; readonly message: Message }
  | { readonly is: "otherVersion"; readonly version: number }
  | { readonly is: "noMessage" };

/** Both ends are this package, and nobody else may reach the socket: of a message of this version, only the kind is looked at. */
export function unsealRequest(line: string): Unsealed<ControlRequest> {
  const unsealed = unseal(line);
  if (unsealed.is !== "message") return unsealed;
  return isRequest(unsealed.message) ? { is: "message", message: unsealed.message } : { is: "noMessage" };
}

export function unsealResponse(line: string): Unsealed<ControlResponse> {
  const unsealed = unseal(line);
  if (unsealed.is !== "message") return unsealed;
  const { is } = unsealed.message as { is?: unknown };
  // As above: that is our own master.
  return typeof is === "string" ? (unsealed as Unsealed<ControlResponse>) : { is: "noMessage" };
}

function unseal(line: string): Unsealed<object> {
  const message = parsed(line);
  if (typeof message !== "object" || message === null || !("v" in message)) return { is: "noMessage" };
  const { v, ...rest } = message;
  if (v === CONTROL_VERSION) return { is: "message", message: rest };
  return typeof v === "number" ? { is: "otherVersion", version: v } : { is: "noMessage" };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Milliseconds between two samples: a master is not to be kept busy with telling how busy it is. */
const LEAST_EVERY = 100;
const MOST_EVERY = 3_600_000;

function isRequest(message: object): message is ControlRequest {
  const request = message as Partial<Record<string, unknown>>;
  switch (request.do) {
    case "status":
      return request.every === undefined || isWithin(request.every, LEAST_EVERY, MOST_EVERY);
    case "connections":
      return isWithin(request.most, 0, Number.MAX_SAFE_INTEGER);
    case "reload":
    case "stop":
      return typeof request.isGraceful === "boolean";
    default:
      return false;
  }
}

function isWithin(value: unknown, least: number, most: number): boolean {
  return typeof value === "number" && value >= least && value <= most;
}
