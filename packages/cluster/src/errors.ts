/** Codes of errors of the cluster, for programs. */
export type ClusterErrorCode =
  /** It is running already. */
  | "ALREADY_RUNNING"
  /** It is not running, or not any more. */
  | "NOT_RUNNING"
  /** It did not work, as the sentence says. */
  | "FAILED"
  /** Its master does not answer in time, or answers what cannot be understood. */
  | "NO_ANSWER"
  /** Its master belongs to somebody else, or files that it needs do. */
  | "NO_PERMISSION"
  /** Its master is of another version of this package, and does not understand. */
  | "OTHER_VERSION"
  /** The cluster was stopped before all workers were ready. */
  | "STOPPED"
  /** The new program did not come up: the old one goes on. */
  | "NOT_RELOADED"
  /** This is for the master, and asked of a worker. */
  | "NOT_MASTER"
  /** This Node or this system cannot do what was asked for. */
  | "NOT_SUPPORTED"
  /** No such user, or no such group. */
  | "NO_SUCH_USER"
  /** The program of a worker process is not the one that its master has started with. */
  | "OTHER_PROGRAM";

/** What went wrong between the processes, in a sentence. */
export class ClusterError extends Error {
  /** Stable, for programs. */
  readonly code: ClusterErrorCode;

  constructor(code: ClusterErrorCode, sentence: string, options?: ErrorOptions) {
    super(sentence, options);
    this.name = "ClusterError";
    this.code = code;
  }
}
