import { describe, expect, test, vi } from "vitest";
import { isHost } from "../src/head.ts";
import { received, Served } from "./server.ts";

// RFC 9112 3.2 and 3.3: what a request is for.

const request = (line: string, ...fields: string[]) =>
  `${line}\r\n${fields.map((one) => `${one}\r\n`).join("")}\r\n`;

function asked(line: string, ...fields: string[]) {
  const served = new Served().receive(request(line, ...fields));
  const { host, path, query, target } = served.request;
  return { host, path, query, target };
}

describe("the four forms", () => {
  const rows: [form: string, line: string, host: string, path: string, query: string][] = [
    ["origin", "GET / HTTP/1.1", "x", "/", ""],
    ["origin, with a query", "GET /a/b?c=d&e HTTP/1.1", "x", "/a/b", "c=d&e"],
    ["origin, with an empty query", "GET /a? HTTP/1.1", "x", "/a", ""],
    ["origin, with two question marks", "GET /a?b?c HTTP/1.1", "x", "/a", "b?c"],
    ["origin, not decoded and not normalised", "GET /%2e/../a%00//b HTTP/1.1", "x", "/%2e/../a%00//b", ""],
    ["origin that looks like an authority", "GET //evil.example/a HTTP/1.1", "x", "//evil.example/a", ""],
    ["origin with an address in it", "GET /http://evil.example/ HTTP/1.1", "x", "/http://evil.example/", ""],
    ["origin with a backslash", "GET /\\evil HTTP/1.1", "x", "/\\evil", ""],
    ["absolute", "GET http://y/a?b HTTP/1.1", "y", "/a", "b"],
    ["absolute, of TLS", "GET https://y:8443/a HTTP/1.1", "y:8443", "/a", ""],
    ["absolute, without a path", "GET http://y HTTP/1.1", "y", "/", ""],
    ["absolute, without a path, with a query", "GET http://y?b HTTP/1.1", "y", "/", "b"],
    ["absolute, schemes have no case", "GET HTTP://y/ HTTP/1.1", "y", "/", ""],
    ["absolute, of an address", "GET http://[::1]:80/ HTTP/1.1", "[::1]:80", "/", ""],
    ["authority", "CONNECT y:443 HTTP/1.1", "y:443", "", ""],
    ["authority of an address", "CONNECT [::1]:443 HTTP/1.1", "[::1]:443", "", ""],
    ["asterisk", "OPTIONS * HTTP/1.1", "x", "*", ""],
  ];
  test.each(rows)("%s: %s", (_, line, host, path, query) => {
    const [, target] = line.split(" ");
    expect(asked(line, "Host: x")).toEqual({ host, path, query, target });
  });

  test("of an absolute one the host counts, and its Host field must be right all the same", () => {
    expect(received(request("GET http://y/ HTTP/1.1"))).toMatchObject({ status: 400, code: "HTTP_HOST" });
    expect(received(request("GET http://y/ HTTP/1.1", "Host: a b"))).toMatchObject({ code: "HTTP_HOST" });
  });

  const wrong: string[] = [
    "GET * HTTP/1.1",
    "GET y HTTP/1.1",
    "GET y:443 HTTP/1.1",
    "GET ?a HTTP/1.1",
    "GET ftp://y/ HTTP/1.1",
    "GET javascript:alert(1) HTTP/1.1",
    "GET http:/y HTTP/1.1",
    "GET http:///a HTTP/1.1",
    "GET http://user@y/ HTTP/1.1",
    "GET http://user:secret@y/ HTTP/1.1",
    "GET http://y:port/ HTTP/1.1",
    "GET http://[::1/ HTTP/1.1",
    "GET http://y\\@z/ HTTP/1.1",
    "OPTIONS ** HTTP/1.1",
    "OPTIONS *?a HTTP/1.1",
    "CONNECT y HTTP/1.1",
    "CONNECT y: HTTP/1.1",
    "CONNECT / HTTP/1.1",
    "CONNECT http://y:443/ HTTP/1.1",
    "CONNECT user@y:443 HTTP/1.1",
    "CONNECT y:443/ HTTP/1.1",
    "CONNECT * HTTP/1.1",
  ];
  test.each(wrong)("%s: 400", (line) => {
    expect(received(request(line, "Host: x"))).toMatchObject({
      status: 400,
      code: "HTTP_TARGET",
      requests: [],
    });
  });

  test("a fragment is kept by whoever has one: 400", () => {
    expect(received(request("GET /a#b HTTP/1.1", "Host: x"))).toMatchObject({ code: "HTTP_START_LINE" });
  });

  test("unknown methods are the handler's to answer", () => {
    for (const method of ["FOO", "get", "M-SEARCH", "a!#$%&'*+-.^_`|~9"])
      expect(new Served().receive(request(`${method} / HTTP/1.1`, "Host: x")).request.method).toBe(method);
  });
});

describe("Host, 3.2", () => {
  const right = [
    "example.com",
    "EXAMPLE.com",
    "example.com:80",
    "example.com:",
    "127.0.0.1:8080",
    "[::1]",
    "[2001:db8::1]:443",
    "localhost",
    "xn--bcher-kva.example",
    "a_b",
    "a%20b",
    "a.",
  ];
  test.each(right)("%s is one", (host) => {
    expect(asked("GET / HTTP/1.1", `Host: ${host}`).host).toBe(host);
    expect(isHost(host)).toBe(true);
  });

  const wrong: [what: string, ...fields: string[]][] = [
    ["none"],
    ["an empty one", "Host:"],
    ["a blank one", "Host:  "],
    ["two", "Host: x", "Host: y"],
    ["two equals", "Host: x", "Host: x"],
    ["two, one empty", "Host: x", "Host:"],
    ["two, by another case", "Host: x", "HOST: x"],
    ["a list", "Host: x, y"],
    ["two words", "Host: x y"],
    ["a path", "Host: x/y"],
    ["a query", "Host: x?y"],
    ["a fragment", "Host: x#y"],
    ["a user", "Host: user@x"],
    ["an address of a page", "Host: http://x"],
    ["a port that is none", "Host: x:y"],
    ["a port of six digits", "Host: x:123456"],
    ["two ports", "Host: x:1:2"],
    ["a port and no host", "Host: :80"],
    ["an address without brackets", "Host: ::1"],
    ["half a bracket", "Host: [::1"],
    ["an empty address", "Host: []"],
    ["letters behind the address", "Host: [::1]x"],
    ["a backslash", "Host: x\\y"],
    ["quotes", 'Host: "x"'],
    ["angle brackets", "Host: <x>"],
    ["bytes above ASCII", "Host: b\xfccher"],
  ];
  test.each(wrong)("%s: 400", (_, ...fields) => {
    expect(received(request("GET / HTTP/1.1", ...fields))).toMatchObject({ status: 400, code: "HTTP_HOST" });
  });

  test("HTTP/1.0 may have none, and not two", () => {
    expect(asked("GET / HTTP/1.0").host).toBe("");
    expect(asked("GET / HTTP/1.0", "Host: x").host).toBe("x");
    expect(received(request("GET / HTTP/1.0", "Host: x", "Host: x"))).toMatchObject({ code: "HTTP_HOST" });
    expect(received(request("GET / HTTP/1.0", "Host: x y"))).toMatchObject({ code: "HTTP_HOST" });
  });

  test("an empty one is wrong from the first request of a process on", async () => {
    vi.resetModules();
    const { http } = await import("../src/index.ts");
    const served = new Served({}, http).receive(request("GET / HTTP/1.1", "Host:"));
    expect([served.code, served.requests]).toEqual(["HTTP_HOST", []]);
  });

  test("one that was right before does not make others right", () => {
    for (const host of ["x", "y, y", "x", "x, x"]) {
      const isRight = !host.includes(",");
      expect(received(request("GET / HTTP/1.1", `Host: ${host}`)).requests.length).toBe(isRight ? 1 : 0);
    }
    new Served().receive(request("GET / HTTP/1.1", "Host: a,a"));
    expect(received(request("GET / HTTP/1.1", "Host: a", "Host: a"))).toMatchObject({ code: "HTTP_HOST" });
  });
});
