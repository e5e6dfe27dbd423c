/** What is shown to whoever asks for help, or gives no command. `program`: `node chat.ts`. */
export function usage(program: string): string[] {
  return [
    `Usage: ${program} <command> [options]`,
    "",
    "Commands:",
    "  start         Start in the foreground.",
    "    -d            In the background, as a daemon: returns when all workers are ready.",
    "    -q            Without the table of workers.",
    "    --watch       For development: reload when a source file changes.",
    "  stop          Stop: connections have some seconds to finish.",
    "    -g            Gracefully: as long as they take.",
    "  restart       Stop, then start. Takes -d, -g, -q and --watch.",
    "  reload        Replace all workers by new ones that load the code again.",
    "    -g            Connections of the old ones may take as long as they need.",
    "  status        Show the master and its workers.",
    "    -d            Live, until Ctrl+C.",
    "    --json        As JSON.",
    "  connections   Show all connections.",
    "    --json        As JSON.",
    "",
    "Ends with 0: done, 1: failed, 2: wrong usage, 3: not running, 4: already running, 5: no permission, 6: no answer.",
  ];
}
