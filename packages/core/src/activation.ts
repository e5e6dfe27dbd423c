/** A socket that a service manager has opened for this process. */
export interface ActivatedSocket {
  readonly fd: number;
  /** What systemd's `FileDescriptorName=` says; by default that is the name of the socket unit: `"chat.socket"`. */
  readonly name: string;
  /** For `listen`: `"fd://3"`. */
  readonly address: string;
}

/** systemd gives the sockets from here on (sd_listen_fds(3)). */
const FIRST = 3;

/** More than any unit has, and few enough to list. */
const MOST = 4_096;

const VARIABLES = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] as const;

let activated: readonly ActivatedSocket[] | undefined;

/**
 * The sockets of systemd's socket activation: none when the process was started otherwise. `LISTEN_PID`, `LISTEN_FDS` and
 * `LISTEN_FDNAMES` are read once, and removed from the environment, so that no child takes them for its own.
 *
 * @throws TypeError when they are there, and are not what sd_listen_fds(3) says
 */
export function activatedSockets(): readonly ActivatedSocket[] {
  activated ??= takeActivation(process.env, process.pid);
  return activated;
}

/** The same of any environment. */
export function takeActivation(env: NodeJS.ProcessEnv, pid: number): readonly ActivatedSocket[] {
  const [forPid, count, names] = VARIABLES.map((name) => env[name]);
  for (const name of VARIABLES) delete env[name];
  // Meant for the parent, say.
  if (forPid === undefined || count === undefined || wholeNumber("LISTEN_PID", forPid) !== pid) return [];
  const length = wholeNumber("LISTEN_FDS", count);
  if (length > MOST) throw new TypeError(`LISTEN_FDS says ${length} sockets, and ${MOST} at most may be`);
  const named = names?.split(":") ?? Array<string>(length).fill("unknown");
  if (named.length !== length)
    throw new TypeError(`LISTEN_FDNAMES has ${named.length} names, and LISTEN_FDS says ${length}`);
  return named.map((name, i) => ({ fd: FIRST + i, name, address: `fd://${FIRST + i}` }));
}

/**
 * The descriptor of the one socket of that name.
 * @throws TypeError when there is none, or more than one
 */
export function activatedAs(name: string, sockets: readonly ActivatedSocket[] = activatedSockets()): number {
  const [socket, another] = sockets.filter((socket) => socket.name === name);
  if (another !== undefined)
    throw new TypeError(`more than one activated socket is named "${name}": see activatedSockets()`);
  if (socket !== undefined) return socket.fd;
  const names = sockets.map((socket) => `"${socket.name}"`).join(", ");
  throw new TypeError(`no activated socket is named "${name}"; there are: ${names || "none"}`);
}

function wholeNumber(name: string, text: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new TypeError(`${name} is ${JSON.stringify(text)}, which is no number`);
}
