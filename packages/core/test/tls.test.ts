import { readFileSync } from "node:fs";
import { connect as connectBare } from "node:tls";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Connection, connect, listen, type TlsDetails, type TlsServerOptions } from "../src/index.ts";
import { certificate, certificateFile, pem } from "./support/certificates.ts";
import { greeting, lines } from "./support/codecs.ts";
import { dialCarrier } from "./support/dial.ts";
import { Diary } from "./support/diary.ts";

const ca = pem("ca");

/** A server whose connections say hello, and what it knows of them. */
async function greeter(tls: TlsServerOptions) {
  const details: (TlsDetails | undefined)[] = [];
  const server = await listen("tls://127.0.0.1:0", {
    codec: lines(),
    tls,
    onConnect(connection) {
      details.push(connection.tls);
      connection.send("hello");
    },
    onMessage: (connection, line) => void connection.close(line),
  });
  onTestFinished(() => server.close());
  return { server, details };
}

/** Connects, and waits for the hello: only then does a client know that the server has let it in. */
async function greeted(address: string, tls: object): Promise<Connection<string>> {
  const client = await connect(address, { codec: lines(), tls: { ca, ...tls } });
  onTestFinished(() => client.destroy());
  for await (const line of client) {
    expect(line).toBe("hello");
    break;
  }
  return client as Connection<string>;
}

/** The common name of the certificate that is shown to whoever asks for `servername`. */
async function shownTo(address: string, servername?: string): Promise<string> {
  const client = await greeted(address, { servername, rejectUnauthorized: false });
  return client.tls!.peerCertificate!.subject.replace("CN=", "");
}

describe("addresses", () => {
  test("tls:// needs the option tls, and tcp:// refuses it", async () => {
    await expect(listen("tls://127.0.0.1:0", { codec: lines() })).rejects.toThrow(TypeError);
    const tls = certificate("localhost");
    await expect(listen("tcp://127.0.0.1:0", { codec: lines(), tls })).rejects.toThrow(/goes with tls/);
    await expect(connect("tcp://127.0.0.1:1", { codec: lines(), tls: { ca } })).rejects.toThrow(
      /goes with tls/,
    );
  });

  test("a server says where it is as a client takes it", async () => {
    const { server } = await greeter(certificate("localhost"));
    expect(server.address).toMatch(/^tls:\/\/127\.0\.0\.1:\d+$/);
    const client = await greeted(server.address, {});
    expect(client.transport).toBe("tls");
    expect(`tls://${client.getRemoteAddress()}`).toBe(server.address);
  });
});

describe("the order of events", () => {
  test("onAccept, then TLS, then the codec's handshake, then onConnect", async () => {
    const diary = new Diary();
    await using server = await listen("tls://127.0.0.1:0", {
      ...diary.keep({ codec: greeting() }),
      tls: certificate("localhost"),
      onAccept: ({ remoteAddress, localPort }) => diary.write(`accept ${remoteAddress} ${localPort}`),
    });
    const port = Number(server.address.split(":").at(-1));
    const silent = await dialCarrier(server.address);
    await diary.until(`accept 127.0.0.1 ${port}`);
    expect(server.stats()).toMatchObject({ handshaking: 1, connections: 0 });
    silent.destroy();

    const client = await connect(server.address, { codec: greeting(), tls: { ca } });
    await diary.until("connect");
    expect(diary.lines.slice(0, 3)).toEqual([
      `accept 127.0.0.1 ${port}`,
      `accept 127.0.0.1 ${port}`,
      "connect",
    ]);
    client.close();
    await diary.until("close");
    expect(diary.count("connect")).toBe(1);
  });

  test.each(["tcp", "tls"] as const)(
    "over %s, onAccept turns away with false, or by throwing",
    async (wire) => {
      let answer = (): unknown => false;
      await using server = await listen(`${wire}://127.0.0.1:0`, {
        codec: lines(),
        onAccept: () => answer(),
        ...(wire === "tls" && { tls: certificate("localhost") }),
      });
      const socket = await dialCarrier(server.address);
      for await (const _ of socket);
      expect(server.stats()).toMatchObject({
        refused: 1,
        refusedBy: { onAccept: 1 },
        opened: 0,
        handshakesFailed: 0,
      });
      const { error } = console;
      onTestFinished(() => void Object.assign(console, { error }));
      const printed: unknown[][] = [];
      console.error = (...words) => void printed.push(words);
      answer = () => {
        throw new Error("not today");
      };
      const other = await dialCarrier(server.address);
      for await (const _ of other);
      expect(server.stats()).toMatchObject({ refused: 2, opened: 0 });
      expect(String(printed)).toContain("not today");
    },
  );

  test("a peer in its handshake counts as a connection", async () => {
    const { server } = await greeter(certificate("localhost"));
    server.maxConnections = 1;
    const first = await dialCarrier(server.address);
    const second = await dialCarrier(server.address);
    for await (const _ of second);
    expect(server.stats()).toMatchObject({ handshaking: 1, refused: 1 });
    first.destroy();
  });

  test("a server that closes cuts those that are in their handshake", async () => {
    const { server } = await greeter(certificate("localhost"));
    const socket = await dialCarrier(server.address);
    while (server.stats().handshaking === 0) await new Promise(setImmediate);
    await server.close();
    for await (const _ of socket);
    expect(server.stats()).toMatchObject({ handshaking: 0, handshakesFailed: 0 });
  });
});

describe("connection.tls", () => {
  test("says what was negotiated, on both sides", async () => {
    const { server, details } = await greeter({ ...certificate("localhost"), alpn: ["sock/2", "sock/1"] });
    const client = await greeted(server.address.replace("127.0.0.1", "localhost"), {
      alpn: ["sock/1", "sock/2"],
    });
    const agreed = {
      protocol: "TLSv1.3",
      cipher: "TLS_AES_256_GCM_SHA384",
      alpnProtocol: "sock/2",
      servername: "localhost",
      isResumed: false,
    };
    expect(client.tls).toMatchObject({ ...agreed, authorized: true, authorizationError: undefined });
    expect(details[0]).toMatchObject({ ...agreed, authorized: false, peerCertificate: undefined });
    expect(client.tls!.peerCertificate!.subjectAltName).toContain("DNS:localhost");
  });

  test("is absent without TLS", async () => {
    await using server = await listen("tcp://127.0.0.1:0", { codec: lines() });
    const client = await connect(server.address, { codec: lines() });
    expect(client.tls).toBeUndefined();
  });

  test("stays known after the end, as far as it was asked for", async () => {
    const { server } = await greeter(certificate("localhost"));
    const client = await greeted(server.address, {});
    const { protocol, cipher, isResumed, peerCertificate } = client.tls!;
    await client[Symbol.asyncDispose]();
    await new Promise(setImmediate);
    expect(client.tls).toMatchObject({ protocol, cipher, isResumed, authorized: true });
    expect(client.tls!.peerCertificate).toBe(peerCertificate);
    const other = await greeted(server.address, {});
    await other[Symbol.asyncDispose]();
    await new Promise(setImmediate);
    expect(other.tls).toMatchObject({ protocol: undefined, cipher: undefined, peerCertificate: undefined });
  });

  test("versions are limited", async () => {
    const { server, details } = await greeter({ ...certificate("localhost"), maxVersion: "TLSv1.2" });
    await greeted(server.address, {});
    expect(details[0]!.protocol).toBe("TLSv1.2");
    await expect(
      connect(server.address, { codec: lines(), tls: { ca, minVersion: "TLSv1.3" } }),
    ).rejects.toThrow(/version/i);
  });

  test("without a protocol in common there is no connection", async () => {
    const { server } = await greeter({ ...certificate("localhost"), alpn: ["sock/1"] });
    const connecting = connect(server.address, { codec: lines(), tls: { ca, alpn: ["other"] } });
    await expect(connecting).rejects.toMatchObject({
      name: "AddressError",
      code: expect.stringMatching(/ALPN|NO_APPLICATION_PROTOCOL/),
    });
    expect(server.stats().handshakesFailed).toBe(1);
  });
});

describe("clients with certificates", () => {
  test("are known by them", async () => {
    const { server, details } = await greeter({ ...certificate("localhost"), ca, clientCert: "require" });
    await greeted(server.address, certificate("client"));
    expect(details[0]).toMatchObject({ authorized: true, authorizationError: undefined });
    expect(details[0]!.peerCertificate!.subject).toBe("CN=a client");
  });

  test.each([
    ["none", {}, "ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE"],
    ["one of another authority", certificate("stranger"), "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
    ["one that has expired", certificate("expired"), "CERT_HAS_EXPIRED"],
    ["one of a server", certificate("one"), "INVALID_PURPOSE"],
  ])("are not let in with %s, where one is required", async (_, mine, code) => {
    const errors: unknown[] = [];
    const { server, details } = await greeter({
      ...certificate("localhost"),
      ca,
      clientCert: "require",
      onHandshakeError: (error) => void errors.push(error),
    });
    // With TLS 1.3, a client is through before the server has looked at it.
    const client = connect(server.address, { codec: lines(), tls: { ca, ...mine } });
    await client.then(
      async (client) => {
        await expect(client.drained()).resolves.toBeUndefined();
        for await (const _ of client);
      },
      () => {},
    );
    expect(errors).toMatchObject([{ name: "HandshakeError", code, remote: { address: "127.0.0.1" } }]);
    expect(details).toEqual([]);
    expect(server.stats()).toMatchObject({ opened: 0, handshakesFailed: 1, handshaking: 0 });
  });

  test("are let in and told apart, where one is only asked for", async () => {
    const { server, details } = await greeter({ ...certificate("localhost"), ca, clientCert: "request" });
    await greeted(server.address, certificate("client"));
    await greeted(server.address, certificate("stranger"));
    await greeted(server.address, {});
    expect(details.map((tls) => tls?.authorized)).toEqual([true, false, false]);
    expect(details[1]!.authorizationError).toBe("UNABLE_TO_VERIFY_LEAF_SIGNATURE");
    expect(details[1]!.peerCertificate!.subject).toBe("CN=a stranger");
    expect(details[2]!.peerCertificate).toBeUndefined();
  });

  test("are never trusted for an authority that only the system trusts", async () => {
    const tls = { ...certificate("localhost"), clientCert: "require" as const };
    await expect(listen("tls://127.0.0.1:0", { codec: lines(), tls })).rejects.toThrow(/needs ca/);
  });
});

describe("names", () => {
  const hosts = { "One.Example.": certificate("one"), "*.two.example": certificate("wildcard") };

  test("choose the certificate, however they are written", async () => {
    const { server } = await greeter({ ...certificate("localhost"), hosts });
    const { address } = server;
    expect(await shownTo(address, "one.example")).toBe("one.example");
    expect(await shownTo(address, "ONE.EXAMPLE")).toBe("one.example");
    expect(await shownTo(address, "www.two.example")).toBe("*.two.example");
  });

  test("that are not there get the certificate of the server", async () => {
    const { server } = await greeter({ ...certificate("localhost"), hosts });
    for (const name of ["a.b.two.example", "two.example", "three.example", undefined])
      expect(await shownTo(server.address, name)).toBe("localhost");
  });

  test("that are not there are refused by a server with hosts alone", async () => {
    const { server } = await greeter({ hosts });
    expect(await shownTo(server.address, "one.example")).toBe("one.example");
    await expect(shownTo(server.address, "three.example")).rejects.toMatchObject({ name: "AddressError" });
    await expect(shownTo(server.address)).rejects.toMatchObject({ name: "AddressError" });
    expect(server.stats()).toMatchObject({ handshakesFailed: 2, opened: 1 });
  });

  test("ask the callback behind the hosts, normalized; what it gives is parsed once", async () => {
    const asked: string[] = [];
    const given = certificate("wildcard");
    const { server } = await greeter({
      ...certificate("localhost"),
      hosts: { "one.example": certificate("one") },
      async sni(name) {
        asked.push(name);
        await new Promise(setImmediate);
        return name.endsWith(".two.example") ? given : undefined;
      },
    });
    expect(await shownTo(server.address, "one.example")).toBe("one.example");
    expect(await shownTo(server.address, "A.two.example")).toBe("*.two.example");
    expect(await shownTo(server.address, "b.two.example")).toBe("*.two.example");
    expect(await shownTo(server.address, "three.example")).toBe("localhost");
    expect(asked).toEqual(["a.two.example", "b.two.example", "three.example"]);
  });

  test("may be of a kind that a bare client sends and nobody can match", async () => {
    const { server } = await greeter({ ...certificate("localhost"), hosts });
    for (const servername of ["one.example\u3002", "one.example..", "*.two.example", "one.example "]) {
      const port = Number(server.address.split(":").at(-1));
      const socket = connectBare({ port, host: "127.0.0.1", servername, rejectUnauthorized: false });
      const subject = await new Promise((resolve) => {
        socket.once("secureConnect", () => resolve(socket.getPeerX509Certificate()?.subject));
        socket.once("error", () => resolve("refused"));
      });
      expect(["CN=localhost", "refused"]).toContain(subject);
      socket.destroy();
    }
    expect(await shownTo(server.address, "one.example")).toBe("one.example");
  });
});

describe("options", () => {
  const good = certificate("localhost");
  test.each<[string, object, RegExp]>([
    ["unknown", { ...good, certt: "" }, /no option "certt"/],
    ["Node's, by its name", { ...good, requestCert: true }, /no option "requestCert"/],
    [
      "unknown, of a host",
      { ...good, hosts: { "a.example": { ...good, ca } } },
      /hosts\["a.example"\] has no option "ca"/,
    ],
    ["a host that nobody can ask for", { ...good, hosts: { "127.0.0.1": good } }, /no peer can ask/],
    ["a host without a certificate", { ...good, hosts: { "a.example": {} } }, /has no certificate/],
    ["no certificate at all", {}, /needs a certificate/],
    ["a key without a certificate", { key: good.key }, /needs a certificate/],
    ["a certificate without its key", { cert: good.cert }, /1 certificates and 0 keys/],
    ["a certificate, and a file of it", { ...good, certFile: "x" }, /cert or certFile, not both/],
    ["a word that is none", { ...good, ca, clientCert: "yes" }, /clientCert is/],
    ["keys of a wrong size", { ...good, ticketKeys: Buffer.alloc(47) }, /48 bytes, not 47/],
    ["no time", { ...good, handshakeTimeout: 0 }, /handshakeTimeout/],
    ["files to watch, where there are none", { ...good, watch: true }, /no files/],
  ])("are refused: %s", async (_, tls, sentence) => {
    await expect(listen("tls://127.0.0.1:0", { codec: lines(), tls })).rejects.toThrow(sentence);
  });

  test.each<[string, object, RegExp]>([
    ["unknown", { rejectUnauthorised: false }, /no option "rejectUnauthorised"/],
    ["a name that is none", { servername: "127.0.0.1" }, /no name of a host/],
    ["a certificate without its key", { cert: good.cert }, /go together/],
  ])("of a client are refused: %s", async (_, tls, sentence) => {
    await expect(connect("tls://127.0.0.1:1", { codec: lines(), tls })).rejects.toThrow(sentence);
  });

  test.each<[string, object, string]>([
    ["a key of another certificate", { ...good, key: certificate("renewed").key }, "CERTIFICATE_MISMATCH"],
    ["a key of another kind", { ...good, key: RSA() }, "CERTIFICATE_MISMATCH"],
    ["no PEM", { ...good, cert: "certificate" }, "CERTIFICATE_INVALID"],
    ["no key in PEM", { ...good, key: good.cert }, "CERTIFICATE_INVALID"],
    ["a passphrase that is missing", { ...good, key: ENCRYPTED() }, "CERTIFICATE_INVALID"],
    ["a wrong passphrase", { ...good, key: ENCRYPTED(), passphrase: "wrong" }, "CERTIFICATE_INVALID"],
    ["an authority that is none", { ...good, ca: "nobody", clientCert: "request" }, "CERTIFICATE_INVALID"],
    [
      "a file that is missing",
      { certFile: "/nowhere.pem", keyFile: "/nowhere.key" },
      "CERTIFICATE_UNREADABLE",
    ],
    ["ciphers that nobody knows", { ...good, ciphers: "NONE-OF-THESE" }, "CERTIFICATE_INVALID"],
  ])("are refused with a code: %s", async (_, tls, code) => {
    await expect(listen("tls://127.0.0.1:0", { codec: lines(), tls })).rejects.toMatchObject({
      name: "SockError",
      code,
    });
  });

  test("a key behind a passphrase is used", async () => {
    const { server } = await greeter({ ...good, key: ENCRYPTED(), passphrase: "secret" });
    await greeted(server.address, {});
  });
});

function RSA(): string {
  return readFileSync(certificateFile("rsa.key"), "utf8");
}

function ENCRYPTED(): string {
  return readFileSync(certificateFile("encrypted.key"), "utf8");
}
