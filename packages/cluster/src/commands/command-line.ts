import { parseArgs } from "node:util";

/** What the command line asks for. */
export type Command =
  | {
      readonly do: "start";
      readonly isDaemon: boolean;
      readonly isQuiet: boolean;
      readonly isWatching: boolean;
    }
  | {
      readonly do: "restart";
      readonly isDaemon: boolean;
      readonly isQuiet: boolean;
      readonly isWatching: boolean;
      readonly isGraceful: boolean;
    }
  | { readonly do: "stop"; readonly isGraceful: boolean }
  | { readonly do: "reload"; readonly isGraceful: boolean }
  | { readonly do: "status"; readonly isLive: boolean; readonly isJson: boolean }
  | { readonly do: "connections"; readonly isJson: boolean };

export type CommandLine =
  | { readonly is: "command"; readonly command: Command }
  | { readonly is: "help" }
  /** The user's mistake, in a sentence. */
  | { readonly is: "wrong"; readonly sentence: string };

type Verb = Command["do"];
type Option = keyof typeof OPTIONS;

const OPTIONS = {
  daemon: { type: "boolean", short: "d" },
  graceful: { type: "boolean", short: "g" },
  quiet: { type: "boolean", short: "q" },
  json: { type: "boolean" },
  watch: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** `-d` is `--daemon`, but `status -d` is live, as the ancestor has it. */
const TAKES: Readonly<Record<Verb, readonly Option[]>> = {
  start: ["daemon", "quiet", "watch"],
  restart: ["daemon", "graceful", "quiet", "watch"],
  stop: ["graceful"],
  reload: ["graceful"],
  status: ["daemon", "json"],
  connections: ["json"],
};

/**
 * Reads `process.argv.slice(2)`. The first command anywhere in it counts, as the ancestor has it from 4.0.11 on; what is
 * neither a command nor an option of ours is the program's own, and so is what stands behind `--`.
 */
export function readCommandLine(argv: readonly string[]): CommandLine {
  const ours = argv.includes("--") ? argv.slice(0, argv.indexOf("--")) : [...argv];
  const { values, positionals } = parseArgs({
    args: ours,
    options: OPTIONS,
    strict: false,
    allowPositionals: true,
  });
  if (values.help === true) return { is: "help" };
  const verb = positionals.find(isVerb);
  if (verb === undefined) return { is: "wrong", sentence: noCommand(positionals[0]) };
  const given = (Object.keys(OPTIONS) as Option[]).filter((option) => values[option] === true);
  const strange = given.find((option) => !TAKES[verb].includes(option));
  if (strange !== undefined) return { is: "wrong", sentence: `${verb} takes no ${written(strange)}` };
  if (given.includes("daemon") && given.includes("watch"))
    return { is: "wrong", sentence: "--watch is for development, and not for a daemon: leave out -d" };
  return { is: "command", command: commandOf(verb, new Set(given)) };
}

function isVerb(word: string): word is Verb {
  return Object.hasOwn(TAKES, word);
}

function noCommand(word: string | undefined): string {
  return word === undefined ? "No command" : `Unknown command: ${word}`;
}

function written(option: Option): string {
  const { short } = OPTIONS[option] as { short?: string };
  return short === undefined ? `--${option}` : `-${short}`;
}

function commandOf(verb: Verb, given: ReadonlySet<Option>): Command {
  const isGraceful = given.has("graceful");
  const isJson = given.has("json");
  const starts = {
    isDaemon: given.has("daemon"),
    isQuiet: given.has("quiet"),
    isWatching: given.has("watch"),
  };
  switch (verb) {
    case "start":
      return { do: verb, ...starts };
    case "restart":
      return { do: verb, ...starts, isGraceful };
    case "stop":
    case "reload":
      return { do: verb, isGraceful };
    case "status":
      return { do: verb, isLive: given.has("daemon"), isJson };
    case "connections":
      return { do: verb, isJson };
  }
}
