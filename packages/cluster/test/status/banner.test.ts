import { expect, test } from "vitest";
import { type Banner, renderBanner } from "../../src/status/banner.ts";

const banner: Banner = {
  version: "0.1.0",
  node: "v26.10.0",
  program: "node chat.ts",
  isDaemon: false,
  workers: [
    { name: "chat", user: "www", address: "tcp://0.0.0.0:2346", transport: "tcp", count: 4 },
    { name: "none", user: "root", address: "", transport: "none", count: 1 },
  ],
};

test("the banner names each Worker, where it listens, and how it is stopped", () => {
  expect(renderBanner(banner).join("\n")).toBe(
    `
----------------------------- SOCK -----------------------------
@sock/cluster 0.1.0   Node.js v26.10.0
--------------------------- WORKERS ----------------------------
proto  user  worker  listen              processes  status
tcp    www   chat    tcp://0.0.0.0:2346          4  [OK]
none   root  none    -                           1  [OK]
----------------------------------------------------------------
Started. Press Ctrl+C to stop.`.trim(),
  );
  expect(renderBanner({ ...banner, isDaemon: true }).at(-1)).toBe("Started. To stop: node chat.ts stop");
});
