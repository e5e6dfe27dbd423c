import { createHash } from "node:crypto";
import { tmpdir, userInfo } from "node:os";
import { basename, dirname, extname, join, parse, resolve } from "node:path";

/** The files of one running program: there while it runs, and by them its commands find it. */
export interface RunFiles {
  /** `chat.ts`: how it is spoken of. */
  readonly name: string;
  readonly pidFile: string;
  /** The path of the control socket; on Windows, the name of a pipe. */
  readonly control: string;
  /** Where a daemon writes that was told no other place. */
  readonly log: string;
  /** The folder, when it is ours alone and made when it is missing; undefined when the user chose it. */
  readonly ownFolder: string | undefined;
}

/** macOS takes 103 bytes, Linux 107. */
const MOST_PATH_BYTES = 103;

/** `chat` of `/srv/chat.ts`: the rest of the path is in the digest, and the path of a socket is short. */
const MOST_NAME = 24;

/**
 * Where the files of a program lie: `/tmp/sock-<uid>/chat-<digest of the path>.pid`, `.sock` and `.log`, or beside `pidFile`
 * when that is given.
 *
 * Not in `$XDG_RUNTIME_DIR`: that goes when its user logs out, and a daemon stays; and `sudo`, cron and services have another,
 * or none. tmux lies in `/tmp` for the same reasons. The path is taken as it was typed: where it leads through a
 * symbolic link (`/srv/current/chat.ts`), it names the same program after the next deployment.
 *
 * @throws RangeError when the socket's path is longer than systems take
 */
export function runFilesOf(startFile: string, pidFile?: string, platform = process.platform): RunFiles {
  const path = resolve(startFile);
  const name = basename(path);
  const digest = createHash("sha256").update(path).digest("hex").slice(0, 10);
  const ownFolder = join(tmpdir(), `sock-${process.getuid?.() ?? userInfo().username}`);
  const stem =
    pidFile === undefined || pidFile === ""
      ? join(
          ownFolder,
          `${parse(name)
            .name.replace(/[^\w.-]/g, "_")
            .slice(0, MOST_NAME)}-${digest}`,
        )
      : withoutExtension(resolve(pidFile));
  return {
    name,
    pidFile: pidFile ? resolve(pidFile) : `${stem}.pid`,
    control:
      platform === "win32" ? `\\\\.\\pipe\\sock-${userInfo().username}-${digest}` : checked(`${stem}.sock`),
    log: `${stem}.log`,
    ownFolder: pidFile ? undefined : ownFolder,
  };
}

function withoutExtension(path: string): string {
  return join(dirname(path), basename(path, extname(path)));
}

function checked(path: string): string {
  const length = Buffer.byteLength(path);
  if (length <= MOST_PATH_BYTES) return path;
  throw new RangeError(
    `the control socket's path has ${length} bytes, and ${MOST_PATH_BYTES} at most: set a shorter pidFile (${path})`,
  );
}
