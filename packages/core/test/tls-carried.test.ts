import { once } from "node:events";
import { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  connect,
  keepConnected,
  listen,
  proxyHeader,
  type Server,
  type ServerOptions,
  socks5,
  TlsSessions,
} from "../src/index.ts";
import { certificate, pem } from "./support/certificates.ts";
import { lines } from "./support/codecs.ts";
import { dialCarrier, readAll } from "./support/dial.ts";
import { settled } from "./support/settled.ts";
import { socksProxy } from "./support/socks-server.ts";

const ca = pem("ca");

type Options = Partial<ServerOptions<string, string, never, Record<string, unknown>>>;

/** Answers each line with what it knows of its peer. */
async function serve(options: Options = {}): Promise<Server<string>> {
  const server = await listen("tls://127.0.0.1:0", {
    codec: lines(),
    tls: { ...certificate("localhost"), onHandshakeError() {} },
    onMessage: (connection, line) =>
      void connection.close(`${line} ${connection.getRemoteAddress()} ${connection.tls!.servername}`),
    ...options,
  });
  onTestFinished(() => server.close());
  return server;
}

const source = { address: "203.0.113.7", port: 1234 };
const header = proxyHeader({ source, destination: { address: "203.0.113.1", port: 443 } });

describe("a PROXY header comes before TLS", () => {
  const proxyProtocol = { from: ["127.0.0.0/8"] };

  /** What comes back, with this written before TLS: alone, or in one packet with the start of the hello. */
  async function talk(server: Server<string>, before: Uint8Array, inOne: boolean): Promise<string> {
    const carrier = await dialCarrier(server.address);
    if (inOne) carrier.cork();
    carrier.write(before);
    if (!inOne) for (let i = 0; i < 3; i++) await settled();
    const socket = connectTls({ socket: carrier, host: "localhost", servername: "localhost", ca });
    if (inOne) {
      await new Promise(process.nextTick);
      carrier.uncork();
    }
    socket.write("hello\n");
    return String(await readAll(socket));
  }

  test.each([true, false])("in one packet: %s", async (inOne) => {
    const met: string[] = [];
    const server = await serve({
      proxyProtocol,
      onAccept: ({ remoteAddress, remotePort, proxy }) =>
        met.push(`${remoteAddress} ${remotePort} ${proxy?.version}`),
    });
    expect(await talk(server, header, inOne)).toBe("hello 203.0.113.7:1234 localhost\n");
    expect(met).toEqual(["203.0.113.7 1234 2"]);
  });

  test("with the start of the client's hello behind it", async () => {
    const server = await serve({ proxyProtocol });
    const [hello, socket] = await caught();
    const carrier = await dialCarrier(server.address);
    carrier.write(Buffer.concat([header, hello]));
    carrier.on("data", (chunk: Buffer) => socket.write(chunk)).resume();
    socket.on("data", (chunk) => carrier.write(chunk));
    await once(socket.client, "secureConnect");
    socket.client.write("hello\n");
    expect(String(await readAll(socket.client))).toBe("hello 203.0.113.7:1234 localhost\n");
  });

  test("and a peer that fails at TLS is told of by its own address, and has left", async () => {
    const errors: string[] = [];
    const server = await serve({
      proxyProtocol,
      maxConnections: 1,
      maxConnectionsPerAddress: 1,
      tls: { ...certificate("localhost"), onHandshakeError: ({ message }) => void errors.push(message) },
    });
    for (let i = 1; i <= 3; i++) {
      const carrier = await dialCarrier(server.address);
      carrier.write(Buffer.concat([header, Buffer.from("hello\n")]));
      while (errors.length < i) await settled();
    }
    expect(errors).toEqual(Array(3).fill("203.0.113.7:1234 speaks no TLS"));
    expect(await talk(server, header, false)).toContain("hello 203.0.113.7:1234");
    expect(server.stats()).toMatchObject({ refused: 0, handshakesFailed: 3, handshaking: 0, opened: 1 });
  });
});

describe("a client's TLS goes through proxies, which do not see into it", () => {
  test("one", async () => {
    const server = await serve();
    const proxy = await socksProxy();
    const address = server.address.replace("127.0.0.1", "localhost");
    const client = await connect(address, { codec: lines(), tls: { ca }, via: [socks5(proxy)] });
    client.send("hello");
    for await (const line of client) expect(line).toMatch(/^hello 127\.0\.0\.1:\d+ localhost$/);
    expect(client.tls!.authorized).toBe(true);
    expect(proxy.requests).toEqual([address.replace("tls://", "")]);
  });

  test("two", async () => {
    const server = await serve();
    const [near, far] = [await socksProxy(), await socksProxy()];
    const via = [socks5(near), socks5(far)];
    const client = await connect(server.address, { codec: lines(), tls: { ca }, via });
    client.send("hello");
    for await (const line of client) expect(line).toMatch(/^hello /);
    expect(near.requests).toEqual([far.address.replace("tcp://", "")]);
    expect(far.requests).toEqual([server.address.replace("tls://", "")]);
  });

  test("and what fails behind them is the target's", async () => {
    const server = await serve({ tls: { ...certificate("one"), onHandshakeError() {} } });
    const proxy = await socksProxy();
    const connecting = connect(server.address, { codec: lines(), tls: { ca }, via: [socks5(proxy)] });
    await expect(connecting).rejects.toMatchObject({
      name: "AddressError",
      code: "ERR_TLS_CERT_ALTNAME_INVALID",
      address: server.address,
    });
    await server.close();
    const refused = connect(server.address, { codec: lines(), tls: { ca }, via: [socks5(proxy)] });
    await expect(refused).rejects.toMatchObject({ name: "ProtocolError", code: "SOCKS_CONNECTION_REFUSED" });
  });

  test("to a proxy itself there is none", async () => {
    const via = [socks5({ address: "tls://127.0.0.1:1" })];
    await expect(connect("tls://localhost:1", { codec: lines(), via })).rejects.toThrow(/not with a proxy/);
  });
});

test("a client that comes back resumes, as long as nobody else is there", async () => {
  const resumed: boolean[] = [];
  const server = await serve({
    onConnect(connection) {
      resumed.push(connection.tls!.isResumed);
      connection.send("hello");
    },
  });
  const sessions = new TlsSessions();
  const enough = Promise.withResolvers<void>();
  const client = keepConnected(server.address, {
    codec: lines(),
    tls: { ca, sessions },
    random: () => 0,
    async onMessage(connection) {
      // The session of TLS 1.3 comes beside the first bytes.
      for (let i = 0; i < 5; i++) await settled();
      if (resumed.length === 3) enough.resolve();
      else connection.destroy();
    },
  });
  await enough.promise;
  expect(resumed).toEqual([false, true, true]);
  await client.close();
});

test("a client whose server is not trusted tries again, and says why", async () => {
  const server = await serve({ tls: { ...certificate("expired"), onHandshakeError() {} } });
  const errors: string[] = [];
  const client = keepConnected(server.address, {
    codec: lines(),
    tls: { ca },
    random: () => 0,
    async onReconnecting(_, { error }) {
      errors.push((error as { code: string }).code);
      if (errors.length === 1) await server.setCertificates(certificate("renewed"));
    },
    onConnect: (connection) => void connection.send("hello"),
    onMessage: (_, line) => void expect(line).toMatch(/^hello/),
  });
  await client.connected();
  expect(errors[0]).toBe("CERT_HAS_EXPIRED");
  await client.close();
});

/** A client of Node whose hello is caught, and what stands for its wire. */
async function caught() {
  const first = Promise.withResolvers<Buffer>();
  let isFirst = true;
  let forward = (_: string | Buffer): void => {};
  const wire = new Duplex({
    read() {},
    write(chunk, _, done) {
      if (isFirst) first.resolve(chunk);
      else forward(chunk);
      isFirst = false;
      done();
    },
  });
  const client = connectTls({ socket: wire, host: "localhost", servername: "localhost", ca });
  onTestFinished(() => void client.destroy());
  const socket = {
    client,
    write: (chunk: Buffer) => void wire.push(chunk),
    on(_: "data", told: (chunk: string | Buffer) => void) {
      forward = told;
    },
  };
  return [await first.promise, socket] as const;
}
