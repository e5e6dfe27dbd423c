import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HostMap, normalizeServerName } from "../src/transport/tls/server-names.ts";

describe("a name is", () => {
  test.each([
    ["example.com", "example.com"],
    ["EXAMPLE.Com", "example.com"],
    ["example.com.", "example.com"],
    ["xn--bcher-kva.example", "xn--bcher-kva.example"],
    ["_sip.example", "_sip.example"],
    ["localhost", "localhost"],
    [`${"a".repeat(63)}.example`, `${"a".repeat(63)}.example`],
  ])("%s, as %s", (name, normalized) => {
    expect(normalizeServerName(name)).toBe(normalized);
  });

  test.each([
    ["empty", ""],
    ["a dot", "."],
    ["with an empty label", "a..b"],
    ["with two dots at its end", "example.com.."],
    ["with a NUL", "example.com\0.evil.example"],
    ["with a line's end", "example.com\n"],
    ["with a blank", "exam ple.com"],
    ["with an ideographic full stop", "example\u3002com"],
    ["with a fullwidth full stop", "example\uff0ecom"],
    ["with a halfwidth full stop", "example\uff61com"],
    ["with letters that are not ASCII", "bücher.example"],
    ["that Unicode lowers to ASCII", "\u212aelvin.example"],
    ["a wildcard", "*.example.com"],
    ["an IPv4 address", "127.0.0.1"],
    ["an IPv6 address", "::1"],
    ["with a label of 64", `${"a".repeat(64)}.example`],
    ["of 254", `${`${"a".repeat(49)}.`.repeat(5)}aaaa`],
  ])("none when it is %s", (_, name) => {
    expect(normalizeServerName(name)).toBeUndefined();
  });

  test("the same when it is normalized once more", () =>
    fc.assert(
      fc.property(fc.string(), (name) => {
        const once = normalizeServerName(name);
        if (once !== undefined) expect(normalizeServerName(once)).toBe(once);
      }),
    ));
});

describe("of hosts", () => {
  const hosts = new HostMap<string>();
  hosts.set("Example.com.", "exact");
  hosts.set("*.example.com", "any");
  hosts.set("www.example.com", "www");

  test.each([
    ["example.com", "exact"],
    ["www.example.com", "www"],
    ["other.example.com", "any"],
    ["a.b.example.com", undefined],
    ["com", undefined],
    ["example.comx", undefined],
    ["notexample.com", undefined],
  ])("%s is %s", (name, value) => {
    expect(hosts.get(name)).toBe(value);
  });

  test.each(["", "*", "*.", "*.*.example", "w*.example", "a.*", "127.0.0.1", "bücher.example", "a\u3002b"])(
    "%j is refused",
    (pattern) => {
      expect(() => new HostMap().set(pattern, 1)).toThrow(TypeError);
    },
  );

  test("one that is there twice, as names are compared, is refused", () => {
    expect(() => hosts.set("EXAMPLE.COM", "again")).toThrow(/twice/);
    expect(() => hosts.set("*.Example.com.", "again")).toThrow(/twice/);
  });
});
