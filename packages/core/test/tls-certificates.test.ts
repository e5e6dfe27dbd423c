import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "@sock/timer/manual";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { connect, createEventLoop, listen, type Server, TlsSessions } from "../src/index.ts";
import { certificate, certificateFile, pem } from "./support/certificates.ts";
import { lines } from "./support/codecs.ts";

const ca = pem("ca");
const old = certificate("localhost");
const renewed = certificate("renewed");

async function echo(tls: object, options: object = {}) {
  const server: Server<string> = await listen("tls://127.0.0.1:0", {
    codec: lines(),
    tls,
    onConnect: (connection) => void connection.send("hello"),
    onMessage: (connection, line) => void connection.close(line),
    ...options,
  });
  onTestFinished(() => server.close());
  return server;
}

async function greeted(server: Server<string>, tls: object = {}) {
  const client = await connect(server.address, { codec: lines(), tls: { ca, ...tls } });
  onTestFinished(() => client.destroy());
  const hello = client[Symbol.asyncIterator]();
  if ((await hello.next()).value !== "hello") throw new Error("nobody said hello");
  await hello.return?.();
  return client;
}

async function shown(server: Server<string>, servername?: string): Promise<"old" | "renewed" | string> {
  const { peerCertificate } = (await greeted(server, { servername, rejectUnauthorized: false })).tls!;
  const names = { old, renewed, one: certificate("one"), wildcard: certificate("wildcard") };
  const pem = peerCertificate!.toString().trim();
  return Object.entries(names).find(([, { cert }]) => cert.trim() === pem)?.[0] ?? "unknown";
}

describe("setCertificates", () => {
  test("is for new connections; those that are there go on", async () => {
    const server = await echo(old);
    const before = await greeted(server);
    await server.setCertificates(renewed);
    expect(await shown(server)).toBe("renewed");
    before.send("still here");
    for await (const line of before) expect(line).toBe("still here");
  });

  test("replaces the certificate, the hosts, the authorities: each as a whole, and what is named alone", async () => {
    const server = await echo({ ...old, hosts: { "one.example": certificate("one") } });
    await server.setCertificates(renewed);
    expect([await shown(server), await shown(server, "one.example")]).toEqual(["renewed", "one"]);
    await server.setCertificates({ hosts: { "*.two.example": certificate("wildcard") } });
    expect(await shown(server)).toBe("renewed");
    expect(await shown(server, "a.two.example")).toBe("wildcard");
    expect(await shown(server, "one.example")).toBe("renewed");
    const { certFile, keyFile } = {
      certFile: certificateFile("localhost.pem"),
      keyFile: certificateFile("localhost.key"),
    };
    await server.setCertificates({ certFile, keyFile });
    expect([await shown(server), await shown(server, "a.two.example")]).toEqual(["old", "wildcard"]);
  });

  test.each<[string, object, object]>([
    [
      "a key of another certificate",
      { ...renewed, key: old.key },
      { name: "SockError", code: "CERTIFICATE_MISMATCH" },
    ],
    ["no certificate", { cert: "", key: renewed.key }, { name: "SockError", code: "CERTIFICATE_INVALID" }],
    ["half a certificate", { ...renewed, cert: renewed.cert.slice(0, 300) }, { code: "CERTIFICATE_INVALID" }],
    ["a certificate alone", { cert: renewed.cert }, { name: "TypeError" }],
    [
      "one good, and a host that is not",
      { ...renewed, hosts: { "one.example": { ...certificate("one"), key: old.key } } },
      { code: "CERTIFICATE_MISMATCH" },
    ],
    ["one good, and an authority that is not", { ...renewed, ca: "nobody" }, { code: "CERTIFICATE_INVALID" }],
    [
      "files that are not there",
      { certFile: "/nowhere", keyFile: "/nowhere" },
      { code: "CERTIFICATE_UNREADABLE" },
    ],
    ["an option that is no certificate", { ...renewed, alpn: ["h2"] }, { name: "TypeError" }],
    ["nothing", undefined as unknown as object, { name: "TypeError" }],
  ])("refuses %s, and keeps the old", async (_, change, error) => {
    const server = await echo({ ...old, ca, clientCert: "request" });
    await expect(server.setCertificates(change)).rejects.toMatchObject(error);
    expect(await shown(server)).toBe("old");
    await server.setCertificates(renewed);
    expect(await shown(server)).toBe("renewed");
  });

  test("of a server without TLS is a TypeError", async () => {
    await using server = await listen("tcp://127.0.0.1:0", { codec: lines() });
    await expect(server.setCertificates(renewed)).rejects.toThrow(/speaks no TLS/);
  });

  test("called at once, the last one stays", async () => {
    const server = await echo(old);
    await Promise.all([
      server.setCertificates(renewed),
      server.setCertificates(old),
      server.setCertificates(renewed),
    ]);
    expect(await shown(server)).toBe("renewed");
  });

  test("lets sessions of before be resumed", async () => {
    const server = await echo(old);
    const sessions = new TlsSessions();
    await greeted(server, { sessions });
    await server.setCertificates(renewed);
    expect((await greeted(server, { sessions })).tls!.isResumed).toBe(true);
  });

  test.each(["given", "random"])(
    "with other authorities, trusts no client of the old ones, whatever it resumes (ticket keys %s)",
    async (keys) => {
      const ticketKeys = keys === "given" ? { ticketKeys: Buffer.alloc(48, 7) } : {};
      const errors: string[] = [];
      const onHandshakeError = (error: { code: string }) => void errors.push(error.code);
      const server = await echo({ ...old, ca, clientCert: "require", ...ticketKeys, onHandshakeError });
      const sessions = new TlsSessions();
      await greeted(server, { ...certificate("client"), sessions });
      expect((await greeted(server, { ...certificate("client"), sessions })).tls!.isResumed).toBe(true);
      await server.setCertificates({ ca: pem("other-ca") });
      await expect(greeted(server, { ...certificate("client"), sessions })).rejects.toThrow();
      expect(errors).toEqual([expect.stringMatching(/UNABLE_TO_VERIFY|SELF_SIGNED/)]);
      await greeted(server, { ...certificate("stranger"), sessions });
    },
  );

  test("a hundred times, while new connections keep coming: no handshake fails", async () => {
    const server = await echo(old);
    let isOver = false;
    let served = 0;
    const client = async () => {
      while (!isOver) {
        const connection = await connect(server.address, { codec: lines(), tls: { ca } });
        connection.send("anybody there?");
        const heard: string[] = [];
        for await (const line of connection) heard.push(line);
        if (heard.join() !== "hello,anybody there?") throw new Error(`heard ${heard}`);
        served++;
      }
    };
    const clients = Array.from({ length: 8 }, client);
    for (let i = 1; i <= 100; i++) {
      await server.setCertificates(i % 2 === 0 ? old : renewed);
      const enough = served + 4;
      while (served < enough) await Promise.race([...clients, new Promise(setImmediate)]);
    }
    isOver = true;
    await Promise.all(clients);
    expect(served).toBeGreaterThanOrEqual(400);
    expect(server.stats()).toMatchObject({ handshakesFailed: 0, errors: 0, opened: served });
  }, 60_000);
});

describe("files that are watched", () => {
  /** A server on files in a folder, whose clock is moved. */
  async function watching(folder: string, tls: object = {}) {
    const clock = new ManualClock();
    const reloads: (string | undefined)[] = [];
    const server = await echo(
      {
        certFile: join(folder, "tls.crt"),
        keyFile: join(folder, "tls.key"),
        watch: true,
        onReload(error?: Error & { code: string }) {
          reloads.push(error?.code);
        },
        ...tls,
      },
      { loop: createEventLoop(clock) },
    );
    /** Lets a look begin, and come to its end: files are read in other threads. */
    const look = async () => {
      // Until nothing but the watch waits for its time.
      clock.advance(1_000);
      expect(clock.pending).toBe(1);
      clock.advance(9_000);
      while (clock.pending === 0) await new Promise(setImmediate);
    };
    return { server, reloads, look, clock };
  }

  function folderOf(name: string): string {
    const folder = mkdtempSync(join(tmpdir(), "sock-tls-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    fill(folder, name);
    return folder;
  }

  function fill(folder: string, name: string): void {
    cpSync(certificateFile(`${name}.pem`), join(folder, "tls.crt"));
    cpSync(certificateFile(`${name}.key`), join(folder, "tls.key"));
  }

  test("are read again when they have changed, and not else", async () => {
    const folder = folderOf("localhost");
    const { server, reloads, look } = await watching(folder);
    await look();
    expect(reloads).toEqual([]);
    fill(folder, "renewed");
    expect(await shown(server)).toBe("old");
    await look();
    expect(reloads).toEqual([undefined]);
    expect(await shown(server)).toBe("renewed");
    await look();
    expect(reloads).toEqual([undefined]);
  });

  test("may be put in place by renaming, as most tools do", async () => {
    const folder = folderOf("localhost");
    const { server, look } = await watching(folder);
    const other = folderOf("renewed");
    for (const file of ["tls.crt", "tls.key"]) renameSync(join(other, file), join(folder, file));
    await look();
    expect(await shown(server)).toBe("renewed");
  });

  test("may be links to where others come, as Kubernetes and certbot have it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sock-tls-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    for (const [version, name] of [
      ["..1", "localhost"],
      ["..2", "renewed"],
    ] as const) {
      mkdirSync(join(folder, version));
      fill(join(folder, version), name);
    }
    symlinkSync("..1", join(folder, "..data"));
    for (const file of ["tls.crt", "tls.key"]) symlinkSync(join("..data", file), join(folder, file));
    const { server, look } = await watching(folder);
    expect(await shown(server)).toBe("old");
    symlinkSync("..2", join(folder, "..data_tmp"));
    renameSync(join(folder, "..data_tmp"), join(folder, "..data"));
    await look();
    expect(await shown(server)).toBe("renewed");
  });

  test("that come one after the other are no error", async () => {
    const folder = folderOf("localhost");
    const { server, reloads, look } = await watching(folder);
    cpSync(certificateFile("renewed.pem"), join(folder, "tls.crt"));
    await look();
    expect(await shown(server)).toBe("old");
    cpSync(certificateFile("renewed.key"), join(folder, "tls.key"));
    await look();
    expect(await shown(server)).toBe("renewed");
    expect(reloads).toEqual([undefined]);
  });

  test.each<[string, (folder: string) => void, string]>([
    [
      "do not match",
      (folder) => cpSync(certificateFile("renewed.pem"), join(folder, "tls.crt")),
      "CERTIFICATE_MISMATCH",
    ],
    ["do not parse", (folder) => writeFileSync(join(folder, "tls.crt"), "not now"), "CERTIFICATE_INVALID"],
    ["are gone", (folder) => rmSync(join(folder, "tls.key")), "CERTIFICATE_UNREADABLE"],
  ])("that %s are told once, and the old ones are kept until others come", async (_, spoil, code) => {
    const folder = folderOf("localhost");
    const { server, reloads, look } = await watching(folder);
    spoil(folder);
    for (let i = 0; i < 4; i++) await look();
    expect(reloads).toEqual([code]);
    expect(await shown(server)).toBe("old");
    fill(folder, "renewed");
    await look();
    expect(reloads).toEqual([code, undefined]);
    expect(await shown(server)).toBe("renewed");
  });

  test("are printed when they are of no use and nobody else hears of it", async () => {
    const printed = vi.spyOn(console, "error").mockImplementation(() => {});
    onTestFinished(() => printed.mockRestore());
    const folder = folderOf("localhost");
    const { look } = await watching(folder, { onReload: undefined });
    writeFileSync(join(folder, "tls.crt"), "not now");
    for (let i = 0; i < 3; i++) await look();
    expect(printed).toHaveBeenCalledTimes(1);
    expect(printed.mock.lastCall!.join(" ")).toMatch(/^server tls:.*SockError/);
  });

  test("of hosts and authorities are watched too", async () => {
    const folder = folderOf("one");
    const caFile = join(folder, "ca.crt");
    cpSync(certificateFile("ca.pem"), caFile);
    const hosts = { "one.example": { certFile: join(folder, "tls.crt"), keyFile: join(folder, "tls.key") } };
    const tls = { certFile: undefined, keyFile: undefined, ...old, hosts, caFile, clientCert: "request" };
    const { server, look } = await watching(folder, tls);
    expect(await shown(server, "one.example")).toBe("one");
    fill(folder, "wildcard");
    await look();
    expect(await shown(server, "one.example")).toBe("wildcard");
    cpSync(certificateFile("other-ca.pem"), caFile);
    await look();
    const client = await greeted(server, certificate("stranger"));
    for (const connection of server.connections) {
      if (connection.getRemoteAddress() === client.getLocalAddress())
        expect(connection.tls!.authorized).toBe(true);
    }
  });

  test("are watched no more when the server has closed, or could not listen", async () => {
    const folder = folderOf("localhost");
    const { server, clock } = await watching(folder);
    const loop = createEventLoop(clock);
    const files = { certFile: join(folder, "tls.crt"), keyFile: join(folder, "tls.key"), watch: true };
    clock.advance(1_000);
    expect(clock.pending).toBe(1);
    await expect(listen(server.address, { codec: lines(), loop, tls: files })).rejects.toMatchObject({
      code: "EADDRINUSE",
    });
    const mismatched = { ...files, keyFile: certificateFile("renewed.key") };
    await expect(
      listen("tls://127.0.0.1:0", { codec: lines(), loop, tls: mismatched }),
    ).rejects.toMatchObject({
      code: "CERTIFICATE_MISMATCH",
    });
    expect(clock.pending).toBe(1);
    for (const connection of server.connections) connection.destroy();
    await server.close();
    expect(clock.pending).toBe(0);
  });
});
