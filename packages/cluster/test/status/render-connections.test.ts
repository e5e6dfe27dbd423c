import fc from "fast-check";
import { expect, test } from "vitest";
import { renderConnections } from "../../src/status/render-connections.ts";
import { textWidth } from "../../src/status/text-width.ts";
import { anyConnection, connectionReport } from "../support/reports.ts";

test("connections are shown as the ancestor shows them", () => {
  const connections = [
    connectionReport(),
    connectionReport({
      id: 12,
      worker: "a-rather-long-name",
      protocol: "text-with-dictionary",
      ipVersion: 6,
      sendQueue: 1024 ** 2,
      state: "closing",
      remoteAddress: "[::1]:45054",
    }),
    connectionReport({ transport: "unix", ipVersion: undefined, localAddress: "", remoteAddress: "" }),
  ];
  expect(renderConnections({ connections, left: 2, busy: [4712] }).slice(1)).toEqual([
    "PID   Worker          CID  Trans  Protocol         ipv4  ipv6  Recv-Q  Send-Q  Bytes-R  Bytes-W  Status   Local Address   Foreign Address",
    "4711  chat              1  tcp    websocket           1     0      0B      0B    1.5KB      20B  OPEN     127.0.0.1:2346  127.0.0.1:45054",
    "4711  a-rather-lon..   12  tcp    text-with-dic..     0     1      0B   1.0MB    1.5KB      20B  CLOSING  127.0.0.1:2346  [::1]:45054",
    "4711  chat              1  unix   websocket           0     0      0B      0B    1.5KB      20B  OPEN     -               -",
    "and 2 connections more",
    "did not answer in time: 4712",
  ]);
});

test("every cell of any connection fits its column", () => {
  fc.assert(
    fc.property(fc.array(anyConnection, { maxLength: 5 }), (connections) => {
      const [, ...lines] = renderConnections({ connections, left: 0, busy: [] });
      expect(lines).toHaveLength(connections.length + 1);
      const cells = lines.map((line) => line.split(/ {2,}/));
      for (const row of cells) {
        expect(row).toHaveLength(14);
        expect(textWidth(row[1]!)).toBeLessThanOrEqual(14);
        expect(textWidth(row[4]!)).toBeLessThanOrEqual(15);
      }
    }),
  );
});
