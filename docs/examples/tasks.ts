/**
 * The manual's task workers: what would keep a server from its other clients is done in processes that have none.
 * `tasks start`, with other addresses as `WEB` and `TASKS` in the environment: `http://127.0.0.1:2348/primes?below=1000000` asks a task worker, and all others are
 * answered meanwhile.
 *
 * A task is a connection: a line of JSON with what to do, a line of JSON with what came of it, and the end.
 */
import { runAll, Worker } from "@sock/cluster";
import { connect } from "@sock/core";
import { http } from "@sock/protocol-http";
import { text } from "@sock/protocol-text";

const { WEB = "tcp://127.0.0.1:2348", TASKS = "tcp://127.0.0.1:12345" } = process.env;

const MOST = 100_000_000;

interface Task {
  function: string;
  args: unknown;
}

type Result = { result: unknown } | { error: string };

const functions: Readonly<Record<string, (args: never) => unknown>> = {
  primes: ({ below }: { below: number }) => countPrimes(below),
};

// Handed over one by one: a task goes to the process whose turn it is, not to whom a hash says. One process for each core.
const tasks = new Worker(TASKS, { codec: text(), name: "task", count: 2, accept: "handover" });
tasks.onMessage = (connection, line) => connection.close(JSON.stringify(carryOut(line)));

const web = new Worker(WEB, { codec: http(), name: "web" });
web.onMessage = async (connection, { path, query }) => {
  if (path !== "/primes") return void connection.send(`hello ${path}\n`);
  const below = Number(new URLSearchParams(query).get("below"));
  const outcome = await ask({ function: "primes", args: { below } });
  const status = "result" in outcome ? 200 : 500;
  connection.send({ status, headers: { "Content-Type": "application/json" }, body: JSON.stringify(outcome) });
};

runAll();

function carryOut(line: string): Result {
  try {
    const task: Task = JSON.parse(line);
    if (!Object.hasOwn(functions, task.function)) return { error: `no function ${task.function}` };
    return { result: functions[task.function]?.(task.args as never) };
  } catch (error) {
    return { error: String(error) };
  }
}

async function ask(task: Task): Promise<Result> {
  try {
    const connection = await connect(TASKS, { codec: text() });
    connection.send(JSON.stringify(task));
    for await (const line of connection) return JSON.parse(line);
    return { error: "the task worker ended without a result" };
  } catch (error) {
    return { error: String(error) };
  }
}

/** The sieve of Eratosthenes. */
function countPrimes(below: number): number {
  if (!Number.isInteger(below) || below < 0 || below > MOST)
    throw new RangeError(`below is a number from 0 to ${MOST}`);
  const isComposite = new Uint8Array(below);
  let count = 0;
  for (let n = 2; n < below; n++) {
    if (isComposite[n]) continue;
    count++;
    for (let multiple = n * n; multiple < below; multiple += n) isComposite[multiple] = 1;
  }
  return count;
}
