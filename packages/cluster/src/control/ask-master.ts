import { AddressError, connect, type EventLoop, eventLoop } from "@sock/core";
import { text } from "@sock/protocol-text";
import { ClusterError, type ClusterErrorCode } from "../errors.ts";
import {
  CONTROL_VERSION,
  type ControlRequest,
  type ControlResponse,
  MOST_RESPONSE,
  seal,
  unsealResponse,
} from "./protocol.ts";

export interface AskOptions {
  /** Milliseconds in which the master must say something, be it that it works at the answer. Default 5,000. */
  within?: number;
  /** Gives up: what is iterated ends. */
  signal?: AbortSignal;
  loop?: EventLoop;
}

/** What comes before the last line of an answer. */
export type Answer = Exclude<ControlResponse, { is: "working" | "done" | "failed" }>;

/**
 * Asks the master at the control socket `path`, and yields what it answers until it is done.
 * @throws ClusterError `NOT_RUNNING` when nobody listens there, `NO_PERMISSION`, `NO_ANSWER`, `OTHER_VERSION`, and whatever
 * the master says: its code is the error's
 */
export async function* askMaster(
  path: string,
  request: ControlRequest,
  { within = 5_000, signal, loop = eventLoop }: AskOptions = {},
): AsyncGenerator<Answer, void, void> {
  const connection = await reach(path, within, signal);
  const silent = () => connection.destroy(new ClusterError("NO_ANSWER", noAnswer(within)));
  let alarm = loop.after(within, silent);
  const stop = () => connection.destroy();
  signal?.addEventListener("abort", stop);
  try {
    connection.send(seal(request));
    for await (const line of connection) {
      alarm.cancel();
      const response = responseOf(line);
      if (response.is === "done") return;
      if (response.is === "failed")
        // The master's code, which a newer one may have more of.
        throw new ClusterError(response.code as ClusterErrorCode, response.sentence);
      if (response.is !== "working") yield response;
      alarm = loop.after(within, silent);
    }
    if (signal?.aborted) return;
    throw new ClusterError("NO_ANSWER", "the master has ended in the middle of its answer");
  } finally {
    alarm.cancel();
    signal?.removeEventListener("abort", stop);
    connection.close();
  }
}

async function reach(path: string, within: number, signal: AbortSignal | undefined) {
  try {
    return await connect(`unix:${path}`, {
      codec: text(),
      timeout: within,
      maxPackageSize: MOST_RESPONSE,
      onError: () => {},
      ...(signal && { signal }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw unreachable(path, error, within);
  }
}

function unreachable(path: string, cause: unknown, within: number): ClusterError {
  const code = cause instanceof AddressError ? cause.code : "CONNECT_TIMEOUT";
  if (code === "ENOENT")
    return new ClusterError("NOT_RUNNING", `there is no control socket ${path}`, { cause });
  if (code === "ECONNREFUSED")
    return new ClusterError("NOT_RUNNING", `nobody listens at ${path}: its master has died`, { cause });
  if (code === "EACCES" || code === "EPERM")
    return new ClusterError("NO_PERMISSION", `the control socket ${path} belongs to another user`, { cause });
  if (code === "CONNECT_TIMEOUT") return new ClusterError("NO_ANSWER", noAnswer(within), { cause });
  return new ClusterError("NO_ANSWER", `the master cannot be asked: ${String(cause)}`, { cause });
}

function responseOf(line: string): ControlResponse {
  const unsealed = unsealResponse(line);
  if (unsealed.is === "message") return unsealed.message;
  if (unsealed.is === "noMessage")
    throw new ClusterError("NO_ANSWER", `the master's answer is none: ${line.slice(0, 80)}`);
  throw new ClusterError(
    "OTHER_VERSION",
    `the running master speaks version ${unsealed.version} of @sock/cluster's control messages, and this program ${CONTROL_VERSION}`,
  );
}

function noAnswer(within: number): string {
  return `the master does not answer within ${within / 1_000} s`;
}
