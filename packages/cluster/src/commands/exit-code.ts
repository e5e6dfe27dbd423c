import type { ClusterErrorCode } from "../errors.ts";

/** What a command ends with, for scripts. 3 is what `systemctl status` and init scripts say of what is not running. */
export const EXIT = {
  /** It is done: it runs, has stopped, was reloaded, was shown. */
  done: 0,
  /** It is not: the sentence says why. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** It is not running. */
  notRunning: 3,
  /** It is running already. */
  alreadyRunning: 4,
  /** It is another user's, or files that it needs are. */
  noPermission: 5,
  /** The master is there, and does not answer, or not so that this version understands it. */
  noAnswer: 6,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const CODES: Readonly<Partial<Record<ClusterErrorCode, ExitCode>>> = {
  NOT_RUNNING: EXIT.notRunning,
  ALREADY_RUNNING: EXIT.alreadyRunning,
  NO_PERMISSION: EXIT.noPermission,
  NO_ANSWER: EXIT.noAnswer,
  OTHER_VERSION: EXIT.noAnswer,
};

export function exitCodeOf(code: ClusterErrorCode): ExitCode {
  return CODES[code] ?? EXIT.failed;
}
