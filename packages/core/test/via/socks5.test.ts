import { Framed, ProtocolError } from "@sock/codec";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { connect, keepConnected, listen, type Socks5Options, socks5 } from "../../src/index.ts";
import { lines } from "../support/codecs.ts";
import { anyAddress } from "../support/net-pair.ts";
import { socksProxy } from "../support/socks-server.ts";

const PROXY = "tcp://127.0.0.1:1080";

/** The client's side alone: what it writes, and what comes of what the proxy answers. */
function client(options: Partial<Socks5Options> = {}, host = "example.com", port = 80) {
  const written: string[] = [];
  const messages: string[] = [];
  const failures: unknown[] = [];
  let isOpen = false;
  const factory = socks5({ address: PROXY, ...options }).open(host, port, lines());
  const framed = new Framed<string, string>(factory as never, {
    message: (line) => void messages.push(line),
    write: (bytes) => void written.push(Buffer.from(bytes as Uint8Array).toString("hex")),
    failed: (error) => void failures.push(error),
    opened() {
      isOpen = true;
    },
  });
  framed.start();
  return {
    framed,
    written,
    messages,
    failures,
    get isOpen() {
      return isOpen;
    },
    answer: (hex: string) => framed.receive(Buffer.from(hex.replaceAll(" ", ""), "hex")),
  };
}

describe("the bytes of RFC 1928", () => {
  test("greeting, request, consent; then it is the next codec's", () => {
    const all = client();
    expect(all.written).toEqual(["050100"]);
    all.answer("05 00");
    expect(all.written.slice(1)).toEqual([`05010003${"0b"}${hex("example.com")}0050`]);
    expect(all.isOpen).toBe(false);
    all.answer(`05 00 00 01 7f000001 1234 ${hex("hello\n")}`);
    expect(all.isOpen).toBe(true);
    expect(all.messages).toEqual(["hello"]);
    all.framed.send("there");
    expect(all.failures).toEqual([]);
  });

  test.each([
    ["127.0.0.1", "01 7f000001"],
    ["255.0.255.0", "01 ff00ff00"],
    ["::1", `04 ${"00".repeat(15)}01`],
    ["::", `04 ${"00".repeat(16)}`],
    ["2001:db8::ff00:42:8329", "04 20010db8000000000000ff0000428329"],
    ["1:2:3:4:5:6:7:8", "04 00010002000300040005000600070008"],
    ["::ffff:192.0.2.1", "01 c0000201"],
    ["localhost", `03 09${hex("localhost")}`],
    ["bücher.example", `03 15${hex("xn--bcher-kva.example")}`],
    ["256.0.0.1", `03 09${hex("256.0.0.1")}`],
    ["x".repeat(255), `03 ff${hex("x".repeat(255))}`],
  ])("asks for %s", (host, address) => {
    const all = client({}, host, 0xabcd);
    all.answer("0500");
    expect(all.written[1]).toBe(`050100${address.replaceAll(" ", "")}abcd`);
  });

  test.each(["01 7f000001 1234", `04 ${"00".repeat(16)} 1234`, `03 03${hex("xyz")} 1234`, "03 00 1234"])(
    "whatever address the consent names: %s",
    (address) => {
      const all = client();
      all.answer(`0500 050000${address}${hex("a\n")}`);
      expect(all.messages).toEqual(["a"]);
    },
  );

  test("and of RFC 1929: the password, when the proxy wants it", () => {
    const all = client({ username: "jo", password: "s3cret" });
    expect(all.written).toEqual(["05020002"]);
    all.answer("05 02");
    expect(all.written[1]).toBe(`0102${hex("jo")}06${hex("s3cret")}`);
    all.answer("01 00");
    expect(all.written[2]).toMatch(/^050100/);
  });

  test("not when it does not", () => {
    const all = client({ username: "jo", password: "s3cret" });
    all.answer("05 00");
    expect(all.written[1]).toMatch(/^050100/);
  });
});

describe("refused", () => {
  test.each([
    ["another version", "04", "SOCKS_VERSION"],
    ["HTTP", hex("HTTP/1.1 400 Bad Request"), "SOCKS_VERSION"],
    ["no method that we know", "05ff", "SOCKS_NO_METHOD"],
    ["a method that was not offered", "0502", "SOCKS_METHOD"],
    ["one that nobody knows", "0580", "SOCKS_METHOD"],
    ["another version of the consent", "0500 04", "SOCKS_VERSION"],
    ["a reserved byte that is none", "0500 0500 07", "SOCKS_RESERVED"],
    ["an address of no kind", "0500 050000 02", "SOCKS_ADDRESS"],
    ["general failure", "0500 0501", "SOCKS_FAILURE"],
    ["by rule", "0500 0502", "SOCKS_NOT_ALLOWED"],
    ["network unreachable", "0500 0503", "SOCKS_NETWORK_UNREACHABLE"],
    ["host unreachable", "0500 0504", "SOCKS_HOST_UNREACHABLE"],
    ["connection refused", "0500 0505", "SOCKS_CONNECTION_REFUSED"],
    ["TTL expired", "0500 0506", "SOCKS_TTL_EXPIRED"],
    ["command not supported", "0500 0507", "SOCKS_COMMAND_UNSUPPORTED"],
    ["address type not supported", "0500 0508", "SOCKS_ADDRESS_UNSUPPORTED"],
    ["a reply that nobody knows", "0500 0509", "SOCKS_UNKNOWN_REPLY"],
    ["and another", "0500 05ff", "SOCKS_UNKNOWN_REPLY"],
  ])("%s", (_, answer, code) => {
    const all = client();
    all.answer(answer);
    expect(all.failures).toEqual([expect.objectContaining({ code })]);
    expect(ProtocolError.is(all.failures[0])).toBe(true);
    expect(all.isOpen).toBe(false);
  });

  test.each([
    ["the password", "0502 0101", "SOCKS_LOGIN"],
    ["by another version of its answer", "0502 05", "SOCKS_VERSION"],
  ])("%s", (_, answer, code) => {
    const all = client({ username: "jo", password: "s3cret" });
    all.answer(answer);
    expect(all.failures).toEqual([expect.objectContaining({ code })]);
    expect(String(all.failures[0])).not.toContain("s3cret");
  });

  test.each(["", "05", "0500", "0500 0500"])("the end after %o", (answer) => {
    const all = client();
    all.answer(answer);
    all.framed.finish();
    expect(all.failures).toEqual([expect.objectContaining({ code: "UNEXPECTED_END" })]);
  });
});

test("byte by byte is as at once, whatever the proxy says", () => {
  const anyAnswer = fc.tuple(
    fc.constantFrom("0500", "0502", "05ff", "04"),
    fc.constantFrom("", "0100", "0101"),
    fc.constantFrom("050000", "0505", "050001", ""),
    fc.constantFrom("017f0000011234", `03ff${"61".repeat(257)}`, `04${"00".repeat(18)}`, "0503"),
    fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString("hex")),
  );
  fc.assert(
    fc.property(anyAnswer, fc.boolean(), (parts, hasLogin) => {
      const login = hasLogin ? { username: "jo", password: "s3cret" } : {};
      const bytes = Buffer.from(parts.join(""), "hex");
      const whole = client(login);
      whole.framed.receive(Buffer.from(bytes));
      const dripped = client(login);
      for (const byte of bytes) dripped.framed.receive(Buffer.of(byte));
      const result = ({ written, messages, failures, isOpen }: typeof whole) => ({
        written,
        messages,
        failures,
        isOpen,
      });
      expect(result(dripped)).toEqual(result(whole));
    }),
    { numRuns: 500 },
  );
});

describe("what cannot be sent is refused at the call", () => {
  test.each([
    [{ username: "jo" }, TypeError],
    [{ password: "s3cret" }, TypeError],
    [{ username: "", password: "s3cret" }, RangeError],
    [{ username: "jo", password: "" }, RangeError],
    [{ username: "x".repeat(256), password: "s3cret" }, RangeError],
    [{ username: "jo", password: "é".repeat(128) }, RangeError],
  ])("%o", (login, error) => {
    expect(() => socks5({ address: PROXY, ...login })).toThrow(error);
  });

  test.each(["x".repeat(256), "fe80::1%eth0", "\u00ad"])("the target %s", (host) => {
    expect(() => socks5({ address: PROXY }).open(host, 80, lines())).toThrow(TypeError);
  });

  test("a target that is no TCP address, or a proxy's address that is none", async () => {
    await expect(connect("unix:/x", { via: [socks5({ address: PROXY })] })).rejects.toThrow(TypeError);
    await expect(connect("tcp://x:1", { via: [socks5({ address: "x" })] })).rejects.toThrow(TypeError);
    expect(() => keepConnected("unix:/x", { via: [socks5({ address: PROXY })] })).toThrow(TypeError);
  });
});

describe("over sockets", () => {
  const echo = () =>
    listen(anyAddress("tcp"), {
      codec: lines(),
      onConnect: (connection) => connection.send("welcome"),
      onMessage: (connection, line) => connection.send(`echo ${line}`),
    });

  test("a target by its address, that speaks first", async () => {
    const { address, requests } = await socksProxy();
    await using server = await echo();
    const connection = await connect(server.address, { codec: lines(), via: [socks5({ address })] });
    connection.send("one");
    const got: string[] = [];
    for await (const line of connection) if (got.push(line) === 2) break;
    expect(got).toEqual(["welcome", "echo one"]);
    expect(requests).toEqual([server.address.replace("tcp://", "")]);
    expect(`tcp://${connection.getRemoteAddress()}`).toBe(address);
    connection.close();
  });

  test("a name that only the proxy knows", async () => {
    const { address } = await socksProxy();
    await using server = await echo();
    const target = server.address.replace("127.0.0.1", "only.the.proxy.knows");
    await using connection = await connect(target, { codec: lines(), via: [socks5({ address })] });
    for await (const line of connection) {
      expect(line).toBe("welcome");
      break;
    }
  });

  test("a password, and a wrong one", async () => {
    const { address } = await socksProxy({ login: "jo:s3cret" });
    await using server = await echo();
    const through = (password: string) =>
      connect(server.address, { codec: lines(), via: [socks5({ address, username: "jo", password })] });
    await using connection = await through("s3cret");
    expect(connection.state).toBe("open");
    await expect(through("wrong")).rejects.toMatchObject({ code: "SOCKS_LOGIN" });
    const without = connect(server.address, { codec: lines(), via: [socks5({ address })] });
    await expect(without).rejects.toMatchObject({ code: "SOCKS_NO_METHOD" });
  });

  test("several proxies, one through the other", async () => {
    const near = await socksProxy();
    const far = await socksProxy({ login: "jo:s3cret" });
    await using server = await echo();
    await using connection = await connect(server.address, {
      codec: lines(),
      via: [
        socks5({ address: near.address }),
        socks5({ address: far.address, username: "jo", password: "s3cret" }),
      ],
    });
    expect(near.requests).toEqual([far.address.replace("tcp://", "")]);
    expect(far.requests).toEqual([server.address.replace("tcp://", "")]);
    for await (const line of connection) {
      expect(line).toBe("welcome");
      break;
    }
  });

  test("a target where nobody listens", async () => {
    const { address } = await socksProxy();
    const server = await echo();
    await server.close();
    const connecting = connect(server.address, { codec: lines(), via: [socks5({ address })] });
    await expect(connecting).rejects.toMatchObject({ code: "SOCKS_CONNECTION_REFUSED" });
  });

  test("a client that comes back does so through the proxy", async () => {
    const { address, requests } = await socksProxy();
    await using server = await echo();
    await using client = keepConnected(server.address, {
      codec: lines(),
      via: [socks5({ address })],
      initialDelay: 0,
    });
    let count = 0;
    for await (const line of client) {
      expect(line).toBe("welcome");
      if (++count === 3) break;
      for (const connection of server.connections) connection.destroy();
    }
    expect(requests).toHaveLength(3);
  });
});

function hex(text: string): string {
  return Buffer.from(text).toString("hex");
}
