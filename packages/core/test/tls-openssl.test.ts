import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { describe, expect, onTestFinished, test } from "vitest";
import { connect, listen, raw, type TlsServerOptions } from "../src/index.ts";
import { certificate, certificateFile, pem } from "./support/certificates.ts";
import { lines } from "./support/codecs.ts";
import { freePort } from "./support/free-port.ts";

const { stdout, error } = spawnSync("openssl", ["version"], { encoding: "utf8" });
const isThere = error === undefined;

if (process.env.CI) {
  test("openssl is there", () => expect(stdout).toContain("OpenSSL"));
} else if (!isThere) {
  console.warn("!!!! nothing was tested with openssl: it is not installed");
  test.skip("openssl is not installed");
}

describe.runIf(isThere)("openssl s_client", () => {
  async function echo(tls: Partial<TlsServerOptions> = {}) {
    const server = await listen("tls://127.0.0.1:0", {
      codec: lines(),
      tls: { ...certificate("localhost"), ...tls },
      onMessage: (connection, line) => void connection.close(`${line}, ${connection.tls!.protocol}`),
    });
    onTestFinished(() => server.close());
    return server;
  }

  /** What it prints when it says `text` and then waits for the end. */
  async function talk(address: string, text: string, ...options: string[]): Promise<string> {
    const where = address.replace("tls://", "");
    const client = openssl("s_client", "-connect", where, "-CAfile", certificateFile("ca.pem"), ...options);
    client.child.stdin.write(text);
    await client.ended;
    return client.output;
  }

  test.each(["tls1_2", "tls1_3"])("with %s is answered, and trusts us", async (version) => {
    const server = await echo();
    const said = await talk(server.address, "hello\n", `-${version}`, "-servername", "localhost");
    expect(said).toContain(`hello, TLSv1.${version.at(-1)}\n`);
    expect(said).toContain("Verify return code: 0 (ok)");
  });

  test("is shown the certificate of the name that it asks for", async () => {
    const server = await echo({ hosts: { "*.two.example": certificate("wildcard") } });
    const said = await talk(server.address, "hello\n", "-servername", "a.two.example");
    expect(said).toContain("*.two.example");
  });

  test("agrees on a protocol", async () => {
    const server = await echo({ alpn: ["sock/1"] });
    expect(await talk(server.address, "hello\n", "-alpn", "other,sock/1")).toContain("ALPN protocol: sock/1");
  });

  test("is known by its certificate", async () => {
    const server = await echo({ ca: pem("ca"), clientCert: "require" });
    const [cert, key] = [certificateFile("client.pem"), certificateFile("client.key")];
    expect(await talk(server.address, "hello\n", "-cert", cert, "-key", key)).toContain("hello, ");
    expect(await talk(server.address, "hello\n")).toMatch(/alert certificate required/);
  });

  test("resumes, with -reconnect", async () => {
    const server = await echo();
    const said = await talk(server.address, "hello\n", "-tls1_2", "-reconnect");
    expect(said.match(/^Reused, /gm)).toHaveLength(5);
  });

  test("renegotiates nothing, when it is asked to with R", async () => {
    const server = await echo();
    const said = await talk(server.address, "R\n", "-tls1_2");
    expect(said).toMatch(/no renegotiation/);
    expect(await talk(server.address, "hello\n")).toContain("hello, ");
  });
});

describe.runIf(isThere)("openssl s_server", () => {
  test("answers our client", async () => {
    const port = await freePort();
    const [cert, key] = [certificateFile("localhost.pem"), certificateFile("localhost.key")];
    const server = openssl(
      "s_server",
      "-accept",
      `127.0.0.1:${port}`,
      "-cert",
      cert,
      "-key",
      key,
      "-rev",
      "-quiet",
    );
    const address = `tls://127.0.0.1:${port}`;
    const options = { codec: raw(), tls: { ca: pem("ca") } };
    let client = await connect(address, options).catch(() => undefined);
    while (client === undefined) {
      await new Promise(setImmediate);
      client = await connect(address, options).catch(() => undefined);
    }
    client.send("olleh\n");
    for await (const chunk of client) {
      expect(String(chunk)).toBe("hello\n");
      break;
    }
    client.destroy();
    server.child.kill();
    await server.ended;
  });
});

function openssl(...args: string[]) {
  const child: ChildProcessWithoutNullStreams = spawn("openssl", args);
  onTestFinished(() => void child.kill());
  const running = { child, output: "", ended: once(child, "close") };
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      running.output += chunk;
    });
  }
  return running;
}
