import { readFileSync } from "node:fs";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import { describe, expect, test, vi } from "vitest";
import { listen } from "../src/index.ts";
import { optionsForAccepted } from "../src/transport/accepted-options.ts";

interface Accepted {
  setNoDelay: ReturnType<typeof vi.fn>;
  setKeepAlive: ReturnType<typeof vi.fn>;
}

const accepted = () => ({ setNoDelay: vi.fn(), setKeepAlive: vi.fn() }) satisfies Accepted;
const give = (options: (socket: Socket) => void, socket: Accepted) => options(socket as unknown as Socket);

test("where options cannot be inherited, each connection is given its own", () => {
  const options = optionsForAccepted({} as Server, 1);
  for (let n = 0; n < 5; n++) {
    const socket = accepted();
    give(options, socket);
    expect(socket.setNoDelay).toHaveBeenCalledWith(true);
    expect(socket.setKeepAlive).toHaveBeenCalledWith(true);
  }
});

describe.runIf(process.platform === "linux")("Linux", () => {
  test("those that may have waited before are given their own, and the others inherit", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const options = optionsForAccepted(server, 2);
    const sockets = Array.from({ length: 5 }, accepted);
    for (const socket of sockets) give(options, socket);
    expect(sockets.map((socket) => socket.setNoDelay.mock.calls.length)).toEqual([1, 1, 1, 0, 0]);
    expect(sockets.map((socket) => socket.setKeepAlive.mock.calls.length)).toEqual([1, 1, 1, 0, 0]);
    server.close();
  });

  test("the kernel keeps watch over the first connection and over one that inherits", async () => {
    await using server = await listen("tcp://127.0.0.1:0", { backlog: 1 });
    const port = Number(server.address.split(":").at(-1));
    for (let n = 0; n < 4; n++) {
      const peer = createConnection({ host: "127.0.0.1", port });
      await new Promise((resolve) => peer.once("connect", resolve));
      expect(timerOf(port, peer.localPort as number), `connection ${n}`).toBe("02");
      peer.destroy();
    }
  });
});

/** The kind of timer that runs for our side of a connection: `"02"` is keep-alive (proc_net_tcp of the kernel's documentation). */
function timerOf(localPort: number, remotePort: number): string | undefined {
  const hex = (port: number) => `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const fields = readFileSync("/proc/net/tcp", "latin1")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .find(([, local, remote]) => local?.endsWith(hex(localPort)) && remote?.endsWith(hex(remotePort)));
  return fields?.[5]?.split(":")[0];
}
