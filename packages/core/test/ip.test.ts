import { SocketAddress } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addressKey } from "../src/server/address-key.ts";
import { AddressSet } from "../src/transport/address-list.ts";
import { formatIp, parseIp } from "../src/transport/ip.ts";

describe("an address in bytes", () => {
  test.each([
    ["192.0.2.1", "c0000201"],
    ["::1", "00000000000000000000000000000001"],
    ["::", "00000000000000000000000000000000"],
    ["1::", "00010000000000000000000000000000"],
    ["2001:db8::8:800:200c:417a", "20010db80000000000080800200c417a"],
    ["64:ff9b::192.0.2.33", "0064ff9b0000000000000000c0000221"],
    ["fe80::1%eth0", "fe800000000000000000000000000001"],
    ["::ffff:192.0.2.1", "c0000201"],
    ["::FFFF:c000:201", "c0000201"],
  ])("%s", (text, hex) => {
    expect(Buffer.from(parseIp(text)!).toString("hex")).toBe(hex);
  });

  test.each(["", "localhost", "1.2.3", "01.2.3.4", ":::", "1::2::3", "12345::"])("%j is none", (text) => {
    expect(parseIp(text)).toBeUndefined();
  });

  test("is written as Node writes it", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
        fc.nat(8),
        fc.nat(8),
        (bytes, from, zeros) => {
          bytes.fill(0, 2 * from, 2 * (from + zeros));
          const text = formatIp(bytes);
          // Node's own writes what is `::a.b.c.d` with dots, a form that RFC 4291 has given up.
          if (bytes.subarray(0, 12).some((byte) => byte !== 0))
            expect(new SocketAddress({ address: text, family: "ipv6" }).address).toBe(text);
          expect(parseIp(text)).toEqual(
            text.startsWith("::ffff:") && text.includes(".") ? bytes.subarray(12) : bytes,
          );
        },
      ),
    );
  });

  test("of four is written with dots", () => {
    fc.assert(
      fc.property(fc.ipV4(), (text) => {
        expect(formatIp(parseIp(text)!)).toBe(text);
      }),
    );
  });
});

describe("a peer is", () => {
  test.each([
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::ffff:c000:0201", "192.0.2.1"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:db8:1:2::", "2001:db8:1:2::/64"],
    ["fe80::1%eth0", "fe80::/64"],
  ])("%s: %s", (address, key) => {
    expect(addressKey(address)).toBe(key);
  });
});

describe("a list of addresses", () => {
  const set = new AddressSet(["192.0.2.1", "10.0.0.0/8", "2001:db8::/32", "fe80::/10"]);

  test.each(["192.0.2.1", "10.255.0.1", "::ffff:10.0.0.1", "2001:db8:9::1", "fe80::1%lo"])(
    "has %s",
    (address) => {
      expect(set.has(address)).toBe(true);
    },
  );

  test.each(["192.0.2.2", "11.0.0.1", "::ffff:11.0.0.1", "2001:db9::1", "", "no address"])(
    "has not %j",
    (address) => {
      expect(set.has(address)).toBe(false);
    },
  );

  test.each(["", "localhost", "10.0.0.0/33", "::/129", "10.0.0.0/", "1.2.3.4/8/8", "fe80::1%lo", "/8"])(
    "cannot hold %j",
    (entry) => {
      expect(() => new AddressSet([entry])).toThrow(TypeError);
    },
  );

  test("is no string", () => {
    expect(() => new AddressSet("10.0.0.1" as never)).toThrow(/array of strings/);
  });
});
