// A process that uploads, one body after the other on each of its connections.
import { createHash } from "node:crypto";
import { answer } from "../method/child.ts";
import { LoadConnection } from "./load-connection.ts";
import { httpPost } from "./protocols/http.ts";
import { Count, type Round } from "./round.ts";

const SIZE = 10 * 2 ** 20;
const CONNECTIONS = 8;
const body = Buffer.alloc(SIZE, "0123456789abcdef");
const hash = createHash("sha256").update(body).digest("hex");
const exchange = {
  request: httpPost.request(body),
  responses: 1,
  measure: httpPost.measure,
  isRight: (response: Buffer) => response.includes(hash),
};
const opened = new Map<number, LoadConnection[]>();

answer({
  /** MiB a second. A body counts when it was answered, so whole ones are waited for: those that began within `duration`. */
  async round(
    { port, pid }: { port: number; pid: number },
    warmUp: number,
    duration: number,
  ): Promise<Round> {
    const connections =
      opened.get(pid) ?? Array.from({ length: CONNECTIONS }, () => new LoadConnection(port));
    opened.set(pid, connections);
    if (warmUp > 0) await connections[0]!.exchange(exchange);
    let mebibytes = 0;
    const count = new Count(pid, () => mebibytes);
    const end = performance.now() + duration;
    await Promise.all(
      connections.map(async (connection) => {
        do {
          await connection.exchange(exchange);
          mebibytes += SIZE / 2 ** 20;
        } while (performance.now() < end);
      }),
    );
    return count.end();
  },
});
