import { createServer } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  AddressError,
  type Connection,
  connect,
  listen,
  type TlsClientOptions,
  TlsSessions,
} from "../src/index.ts";
import { certificate, pem } from "./support/certificates.ts";
import { lines } from "./support/codecs.ts";
import { settled } from "./support/settled.ts";

const ca = pem("ca");

/** A server that says hello to whoever gets through. */
async function greeter(tls: object = {}) {
  const server = await listen("tls://127.0.0.1:0", {
    codec: lines(),
    tls: { ...certificate("localhost"), onHandshakeError() {}, ...tls },
    onConnect: (connection) => void connection.send(`hello ${connection.tls!.peerCertificate?.subject}`),
  });
  onTestFinished(() => server.close());
  return server;
}

/** Connects, and hears the hello, behind which the sessions of TLS 1.3 come. */
async function greeted(address: string, tls: TlsClientOptions): Promise<Connection<string>> {
  const client = await connect(address, { codec: lines(), tls: { ca, ...tls } });
  onTestFinished(() => client.destroy());
  for await (const line of client) {
    expect(line).toMatch(/^hello /);
    break;
  }
  for (let i = 0; i < 5; i++) await settled();
  return client as Connection<string>;
}

describe("a server that is not to be trusted is an AddressError with Node's code:", () => {
  test.each<[string, string, TlsClientOptions, string, RegExp]>([
    ["expired", "expired", { ca }, "CERT_HAS_EXPIRED", /has expired/],
    ["signed by itself", "self-signed", { ca }, "DEPTH_ZERO_SELF_SIGNED_CERT", /signed by itself/],
    [
      "of another authority",
      "localhost",
      { ca: pem("other-ca") },
      "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
      /no authority/,
    ],
    ["trusted by nobody here", "localhost", {}, "UNABLE_TO_VERIFY_LEAF_SIGNATURE", /no authority/],
    ["another host", "one", { ca }, "ERR_TLS_CERT_ALTNAME_INVALID", /127\.0\.0\.1/],
    [
      "another name",
      "localhost",
      { ca, servername: "one.example" },
      "ERR_TLS_CERT_ALTNAME_INVALID",
      /one\.example/,
    ],
    [
      "two labels under a wildcard",
      "wildcard",
      { ca, servername: "a.b.two.example" },
      "ERR_TLS_CERT_ALTNAME_INVALID",
      /a\.b\.two/,
    ],
  ])("%s", async (_, shown, tls, code, sentence) => {
    const server = await greeter(certificate(shown));
    const error: unknown = await connect(server.address, { codec: lines(), tls }).catch((error) => error);
    expect(error).toBeInstanceOf(AddressError);
    expect(error).toMatchObject({ code, address: server.address });
    expect(String(error)).toMatch(sentence);
    expect(server.connections.size).toBe(0);
  });

  test("one that speaks no TLS", async () => {
    await using server = await listen("tcp://127.0.0.1:0", {
      onConnect: (c) => void c.send("220 welcome\r\n"),
    });
    const address = server.address.replace("tcp:", "tls:");
    const error: unknown = await connect(address, { codec: lines() }).catch((error) => error);
    expect(error).toMatchObject({ name: "AddressError", code: "ERR_SSL_WRONG_VERSION_NUMBER", address });
    expect(String(error)).toContain("no TLS is spoken there");
  });

  test("one that goes within the handshake", async () => {
    const server = createServer((socket) => socket.on("data", () => socket.end())).listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    const connecting = connect(`tls://127.0.0.1:${port}`, { codec: lines(), tls: { ca } });
    await expect(connecting).rejects.toMatchObject({ name: "AddressError", code: "ECONNRESET" });
  });

  test("one that is not there", async () => {
    const server = await greeter();
    await server.close();
    await expect(connect(server.address, { codec: lines() })).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });
});

test("whoever insists goes on with a server that is not trusted, and is told", async () => {
  const server = await greeter(certificate("expired"));
  const client = await greeted(server.address, { rejectUnauthorized: false });
  expect(client.tls).toMatchObject({ authorized: false, authorizationError: "CERT_HAS_EXPIRED" });
});

test("a check of one's own is asked, and its error is the reason", async () => {
  const server = await greeter();
  const asked: string[] = [];
  const pinned = Object.assign(new Error("not the one I know"), { code: "PINNED" });
  const connecting = connect(server.address, {
    codec: lines(),
    tls: {
      ca,
      checkServerIdentity(name, { subject }) {
        asked.push(`${name} ${subject.CN}`);
        return pinned;
      },
    },
  });
  await expect(connecting).rejects.toMatchObject({ name: "AddressError", code: "PINNED", cause: pinned });
  expect(asked).toEqual(["127.0.0.1 localhost"]);
});

test.each(["localhost", "LOCALHOST"])("the host is asked for and compared as %s", async (host) => {
  const server = await greeter();
  const client = await greeted(server.address.replace("127.0.0.1", host), {});
  expect(client.tls!.servername).toBe("localhost");
});

test("a host with a NUL is no address, for anybody", async () => {
  await expect(connect("tls://localhost\0.example:1", { codec: lines() })).rejects.toThrow(TypeError);
});

describe("a handshake that takes its time", () => {
  async function silent(): Promise<string> {
    const server = createServer(() => {}).listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once("listening", resolve));
    return `tls://127.0.0.1:${(server.address() as { port: number }).port}`;
  }

  test("is within the time to connect", async () => {
    const address = await silent();
    await expect(connect(address, { codec: lines(), timeout: 20 })).rejects.toMatchObject({
      code: "CONNECT_TIMEOUT",
    });
  });

  test("ends when its signal says so", async () => {
    const address = await silent();
    const control = new AbortController();
    const reason = new Error("changed my mind");
    const connecting = connect(address, { codec: lines(), signal: control.signal });
    for (let i = 0; i < 20; i++) await settled();
    control.abort(reason);
    await expect(connecting).rejects.toBe(reason);
  });
});

describe("sessions", () => {
  test.each(["TLSv1.2", "TLSv1.3"] as const)(
    "with %s, are resumed by the next connection, again and again",
    async (maxVersion) => {
      const server = await greeter({ maxVersion });
      const sessions = new TlsSessions();
      for (const isResumed of [false, true, true, true]) {
        const client = await greeted(server.address, { sessions });
        expect(client.tls).toMatchObject({ isResumed, authorized: true, protocol: maxVersion });
        // Node keeps none on the side of a client that resumes.
        expect(client.tls!.peerCertificate?.subject).toBe(isResumed ? undefined : "CN=localhost");
        await client[Symbol.asyncDispose]();
        expect(sessions.size).toBe(1);
      }
    },
  );

  test("are forgotten when they are cleared, and none is kept without a place for it", async () => {
    const server = await greeter();
    const sessions = new TlsSessions();
    await greeted(server.address, { sessions });
    sessions.clear();
    expect((await greeted(server.address, { sessions })).tls!.isResumed).toBe(false);
    expect((await greeted(server.address, {})).tls!.isResumed).toBe(false);
  });

  test.each<[string, TlsClientOptions, TlsClientOptions]>([
    ["another name", { servername: "localhost" }, { servername: "one.example" }],
    ["the address", { servername: "localhost" }, {}],
    ["other authorities", {}, { ca: [ca, pem("other-ca")] }],
    ["a certificate of ours", {}, certificate("client")],
    ["another certificate of ours", certificate("stranger"), certificate("client")],
    ["trust, after none", { rejectUnauthorized: false }, {}],
    ["another check", {}, { checkServerIdentity: () => undefined }],
  ])("are not resumed with %s", async (_, before, after) => {
    const server = await greeter({ ca, clientCert: "request", hosts: { "one.example": certificate("one") } });
    const sessions = new TlsSessions();
    await greeted(server.address, { ...before, sessions });
    const client = await greeted(server.address, { ...after, sessions });
    expect(client.tls!.isResumed).toBe(false);
    expect(sessions.size).toBe(2);
  });

  test("of a server that was not trusted are not kept", async () => {
    const server = await greeter({ ...certificate("expired"), maxVersion: "TLSv1.2" });
    const sessions = new TlsSessions();
    await connect(server.address, { codec: lines(), tls: { ca, sessions } }).catch(() => {});
    for (let i = 0; i < 10; i++) await settled();
    expect(sessions.size).toBe(0);
  });

  test("keep the client's identity, on the server's side too", async () => {
    const subjects: (string | undefined)[] = [];
    const server = await listen("tls://127.0.0.1:0", {
      codec: lines(),
      tls: { ...certificate("localhost"), ca, clientCert: "require" },
      onConnect(connection) {
        const { isResumed, authorized, peerCertificate } = connection.tls!;
        subjects.push(`${isResumed} ${authorized} ${peerCertificate?.subject}`);
        connection.send("hello again");
      },
    });
    onTestFinished(() => server.close());
    const sessions = new TlsSessions();
    for (let i = 0; i < 2; i++) await greeted(server.address, { ...certificate("client"), sessions });
    expect(subjects).toEqual(["false true CN=a client", "true true CN=a client"]);
  });

  test("are as many as there is room for; the oldest goes", () => {
    const sessions = new TlsSessions(2);
    for (const who of ["a", "b", "a", "c"]) sessions.keep(who, Buffer.from(who));
    expect(sessions.size).toBe(2);
    expect(["a", "b", "c"].map((who) => sessions.get(who)?.toString())).toEqual(["a", undefined, "c"]);
    expect(() => new TlsSessions(0)).toThrow(RangeError);
  });
});
