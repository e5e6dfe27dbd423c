import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Connection, listen, type ProxyHeader, proxyTlv } from "../src/index.ts";
import { lines } from "./support/codecs.ts";
import { readAll } from "./support/dial.ts";

const haproxy = process.env.HAPROXY ?? "/usr/sbin/haproxy";
const isThere = existsSync(haproxy);

if (process.env.CI) {
  test(`HAProxy is at ${haproxy}`, () => expect(isThere).toBe(true));
} else if (!isThere) {
  console.warn(
    `!!!! no PROXY header of HAProxy was read: ${haproxy} is not there, and $HAPROXY names no other`,
  );
  test.skip(`HAProxy: ${haproxy} is not there, and $HAPROXY names no other`);
}

/** HAProxy between any free port, which is answered, and `target`. */
async function between(target: string, serverOptions: string): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "sock-haproxy-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const configuration = join(folder, "haproxy.cfg");
  writeFileSync(
    configuration,
    `global
  maxconn 50
defaults
  mode tcp
  timeout connect 5s
  timeout client 10s
  timeout server 10s
frontend in
  bind fd@3
  unique-id-format unique-%fp
  default_backend out
backend out
  server ours ${target.replace("tcp://", "")} ${serverOptions}
`,
  );
  // It is given the socket, so no port is guessed.
  const socket = createServer().listen(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address() as AddressInfo;
  const { _handle: handle } = socket as unknown as { _handle: never };
  const child = spawn(haproxy, ["-db", "-f", configuration], {
    stdio: ["ignore", "ignore", "inherit", handle],
  });
  socket.close();
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await once(child, "close");
  });
  return port;
}

describe.runIf(isThere)("HAProxy", () => {
  test.each([
    ["send-proxy", 1, "send-proxy"],
    ["send-proxy-v2", 2, "send-proxy-v2"],
    ["send-proxy-v2 with a checksum and a unique id", 2, "send-proxy-v2 proxy-v2-options crc32c,unique-id"],
  ] as const)("%s: its client's address is the connection's", async (_, version, options) => {
    const seen: Connection<string>[] = [];
    await using server = await listen("tcp://127.0.0.1:0", {
      codec: lines(),
      proxyProtocol: { from: ["127.0.0.1"], required: true },
      onConnect: (connection) => void seen.push(connection),
      onMessage: (connection, line) => connection.close(`${connection.getRemoteAddress()} ${line}`),
    });
    const port = await between(server.address, options);
    // From another address than HAProxy's own.
    const client = connect({ port, host: "127.0.0.1", localAddress: "127.0.0.2" });
    client.write("hello\n");
    const answer = String(await readAll(client));
    const proxy = seen[0]?.proxy as ProxyHeader;
    const { source, destination, tlvs } = proxy;
    expect(answer).toBe(`127.0.0.2:${source?.port} hello\n`);
    expect(destination).toEqual({ address: "127.0.0.1", port });
    expect(proxy).toMatchObject({ version, transport: "tcp" });
    const text = (type: number) => tlvs.find((tlv) => tlv.type === type)?.value.toString();
    expect(text(proxyTlv.uniqueId)).toBe(options.includes("unique-id") ? `unique-${port}` : undefined);
    expect(tlvs.some(({ type }) => type === proxyTlv.crc32c)).toBe(options.includes("crc32c"));
  });

  test.each([
    // Version 1 could say UNKNOWN, but HAProxy says where its check comes from.
    ["send-proxy", "tcp"],
    ["send-proxy-v2", "unknown"],
  ])("%s: its health checks are its own, and exempt", async (option, transport) => {
    const checked = Promise.withResolvers<Connection<string>>();
    await using server = await listen("tcp://127.0.0.1:0", {
      codec: lines(),
      proxyProtocol: { from: ["127.0.0.1"], required: true },
      deny: ["127.0.0.1"],
      onConnect: checked.resolve,
    });
    await between(server.address, `${option} check inter 100ms`);
    const { proxy, remoteAddress } = await checked.promise;
    expect(proxy).toMatchObject({ transport });
    expect(remoteAddress).toBe("127.0.0.1");
  });
});
