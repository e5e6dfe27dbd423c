/**
 * Uploads of 10 MiB, hashed as they come, one after the other on eight connections: how many MiB a second, beside
 * `node:http`, in alternating rounds; and by how much the server grows.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { chooseCores } from "../pair/cores.ts";
import { LoadConnection } from "../pair/load-connection.ts";
import { http } from "../pair/protocols/http.ts";
import { pairedRatios, spread } from "../pair/statistics.ts";
import { answer, Child } from "../support/child.ts";
import type { Memory } from "../support/memory.ts";

const SIZE = 10 * 2 ** 20;
const CONNECTIONS = 8;
/** Uploads of a round, over all connections. */
const UPLOADS = 24;
const ROUNDS = 9;
const FLOOR = 1;
/** Bytes by which ours may grow over all rounds. */
const MAX_GROWTH = 32 * 2 ** 20;

if (process.argv[2] === "peers") peers();
else await main();

async function main(): Promise<void> {
  const cores = chooseCores();
  const servers = join(import.meta.dirname, "support/servers.ts");
  await using ours = new Child({ file: servers, args: ["ours"] }, { core: cores.server });
  await using theirs = new Child({ file: servers, args: ["node:http"] }, { core: cores.server });
  await using load = new Child({ file: import.meta.filename, args: ["peers"] }, { core: cores.load });
  const ports = [await ours.ask<number>("port"), await theirs.ask<number>("port")] as const;
  const rates: [number[], number[]] = [[], []];
  for (const port of ports) await load.ask("upload", port);
  const before = await ours.ask<Memory>("memory");
  for (let round = 0; round < ROUNDS; round++) {
    for (const who of round % 2 === 0 ? [0, 1] : [1, 0]) {
      rates[who as 0 | 1].push(await load.ask<number>("upload", ports[who as 0 | 1]));
    }
  }
  const after = await ours.ask<Memory>("memory");
  const ratio = spread(pairedRatios(rates[0], rates[1]));
  const growth = after.resident - before.resident;
  const isMissed = ratio.median < FLOOR || growth > MAX_GROWTH;
  const mib = (values: number[]) => `${spread(values).median.toFixed(0)} MiB/s`;
  console.log(
    `ours ${mib(rates[0])}  node:http ${mib(rates[1])}  ratio ${ratio.median.toFixed(2)} ` +
      `[${ratio.q1.toFixed(2)}..${ratio.q3.toFixed(2)}]  floor ${FLOOR}  ` +
      `growth ${(growth / 2 ** 20).toFixed(1)} MiB, at most ${MAX_GROWTH / 2 ** 20}  ${isMissed ? "MISSED" : "ok"}`,
  );
  if (isMissed) process.exitCode = 1;
}

function peers(): void {
  const body = Buffer.alloc(SIZE, "0123456789abcdef");
  const hash = createHash("sha256").update(body).digest("hex");
  const head = `POST /upload HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${SIZE}\r\n\r\n`;
  const request = Buffer.concat([Buffer.from(head), body]);
  const connections = new Map<number, LoadConnection[]>();

  answer({
    /** MiB a second. */
    async upload(port: number): Promise<number> {
      const open =
        connections.get(port) ?? Array.from({ length: CONNECTIONS }, () => new LoadConnection(port));
      connections.set(port, open);
      const began = performance.now();
      await Promise.all(
        open.map(async (connection) => {
          for (let i = 0; i < UPLOADS / CONNECTIONS; i++) {
            await connection.exchange({
              request,
              responses: 1,
              measure: http.measure,
              isRight: (response) => response.includes(hash),
            });
          }
        }),
      );
      return (UPLOADS * SIZE) / 2 ** 20 / ((performance.now() - began) / 1000);
    },
  });
}
