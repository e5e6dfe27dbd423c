import { BlockList } from "node:net";
import { ManualClock } from "@sock/timer/manual";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { connect, createEventLoop, listen } from "../src/index.ts";
import { Admission, type AdmissionOptions } from "../src/server/admission.ts";
import { TokenBucket } from "../src/server/token-bucket.ts";
import { lines } from "./support/codecs.ts";
import { dial, readAll } from "./support/dial.ts";
import { Diary } from "./support/diary.ts";
import { anyAddress } from "./support/net-pair.ts";
import { settled } from "./support/settled.ts";

const clock = new ManualClock();

function admission(options: AdmissionOptions): Admission {
  return new Admission(options, clock);
}

describe("addresses", () => {
  test("as many as each may have, and no more", () => {
    const door = admission({ maxConnectionsPerAddress: 2 });
    const come = ["192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2"].map((address) => door.enter(address));
    expect(come).toEqual([undefined, undefined, "maxConnectionsPerAddress", undefined]);
    door.leave("192.0.2.1");
    expect(door.enter("192.0.2.1")).toBeUndefined();
  });

  test("IPv6 is counted by the first 64 bits, and mapped IPv4 as IPv4", () => {
    const door = admission({ maxConnectionsPerAddress: 1 });
    expect(door.enter("2001:db8::1")).toBeUndefined();
    expect(door.enter("2001:db8::ffff:1")).toBe("maxConnectionsPerAddress");
    expect(door.enter("2001:db8:0:1::1")).toBeUndefined();
    expect(door.enter("192.0.2.1")).toBeUndefined();
    expect(door.enter("::ffff:192.0.2.1")).toBe("maxConnectionsPerAddress");
  });

  test("those without one are not counted by it", () => {
    const door = admission({ maxConnectionsPerAddress: 1, allow: [] });
    expect([door.enter(undefined), door.enter(undefined)]).toEqual([undefined, undefined]);
  });

  test("allow lets nobody else in, and deny keeps out whoever it has", () => {
    const door = admission({ allow: ["10.0.0.0/8"], deny: ["10.0.0.66"] });
    const come = ["10.0.0.1", "10.0.0.66", "192.0.2.1"].map((address) => door.enter(address));
    expect(come).toEqual([undefined, "denied", "denied"]);
  });

  test("a BlockList may grow later", () => {
    const deny = new BlockList();
    const door = admission({ deny });
    expect(door.enter("192.0.2.1")).toBeUndefined();
    deny.addAddress("192.0.2.1");
    expect(door.enter("192.0.2.1")).toBe("denied");
  });

  test("those who are turned away for themselves take nothing from the rate", () => {
    const door = admission({ acceptRate: { perSecond: 1, burst: 2 }, maxConnectionsPerAddress: 1 });
    expect(door.enter("192.0.2.1")).toBeUndefined();
    for (let i = 0; i < 10; i++) expect(door.enter("192.0.2.1")).toBe("maxConnectionsPerAddress");
    expect(door.enter("192.0.2.2")).toBeUndefined();
    expect(door.enter("192.0.2.3")).toBe("acceptRate");
  });

  test("an address may be told later", () => {
    const door = admission({ maxConnectionsPerAddress: 1, deny: ["192.0.2.66"] });
    expect(door.enter(undefined)).toBeUndefined();
    expect(door.identify("192.0.2.66")).toBe("denied");
    expect(door.identify("192.0.2.1")).toBeUndefined();
    expect(door.enter("192.0.2.1")).toBe("maxConnectionsPerAddress");
    door.leave("192.0.2.1");
    expect([door.count, door.peers]).toEqual([0, 0]);
  });

  test("counts are those of a list of who is in, and return to zero with the last, in whatever order they leave", () => {
    const address = fc.constantFrom(
      "192.0.2.1",
      "::ffff:192.0.2.1",
      "192.0.2.2",
      "2001:db8::1",
      "2001:db8::2",
      undefined,
    );
    const step = fc.oneof(fc.record({ comes: address }), fc.record({ leaves: fc.nat() }));
    const limits = fc.record({
      perAddress: fc.integer({ min: 1, max: 4 }),
      all: fc.integer({ min: 0, max: 12 }),
    });
    const peerOf = (address: string | undefined) =>
      address?.startsWith("2001") ? "site" : address?.replace("::ffff:", "");
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), limits, (steps, { perAddress, all }) => {
        const door = admission({ maxConnections: all, maxConnectionsPerAddress: perAddress });
        const inside: (string | undefined)[] = [];
        const peers = () => new Set(inside.filter((one) => one !== undefined).map(peerOf));
        for (const step of steps) {
          if ("comes" in step) {
            const same = inside.filter(
              (one) => one !== undefined && peerOf(one) === peerOf(step.comes),
            ).length;
            const hasRoom = same < perAddress && inside.length < all;
            expect(door.enter(step.comes) === undefined).toBe(hasRoom);
            if (hasRoom) inside.push(step.comes);
          } else if (inside.length > 0) {
            door.leave(inside.splice(step.leaves % inside.length, 1)[0]);
          }
          expect([door.count, door.peers]).toEqual([inside.length, peers().size]);
        }
        for (const one of inside.splice(0)) door.leave(one);
        expect([door.count, door.peers]).toEqual([0, 0]);
      }),
    );
  });
});

describe("the rate", () => {
  test("lets a burst through, then so many in a second", () => {
    const clock = new ManualClock();
    const bucket = new TokenBucket({ perSecond: 10, burst: 3 }, clock);
    const take = (times: number) => Array.from({ length: times }, () => bucket.take()).filter(Boolean).length;
    expect(take(10)).toBe(3);
    clock.advance(99);
    expect(take(10)).toBe(0);
    clock.advance(1);
    expect(take(10)).toBe(1);
    clock.advance(60_000);
    expect(take(10)).toBe(3);
  });

  test("its burst is a second's worth, at least 1", () => {
    const some = new TokenBucket({ perSecond: 2 }, clock);
    expect([some.take(), some.take(), some.take()]).toEqual([true, true, false]);
    const few = new TokenBucket({ perSecond: 0.1 }, clock);
    expect([few.take(), few.take()]).toEqual([true, false]);
  });

  test("never more than burst and rate allow, whenever they come", () => {
    const waits = fc.array(fc.nat(3000), { maxLength: 50 });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 20 }),
        waits,
        (perSecond, burst, waits) => {
          const clock = new ManualClock();
          const bucket = new TokenBucket({ perSecond, burst }, clock);
          let taken = 0;
          let time = 0;
          for (const wait of waits) {
            clock.advance(wait);
            time += wait;
            while (bucket.take()) taken += 1;
            expect(taken).toBeLessThanOrEqual(burst + (perSecond * time) / 1000 + 1e-6);
          }
        },
      ),
    );
  });

  test("an endless one is no limit", () => {
    const bucket = new TokenBucket({ perSecond: Infinity }, clock);
    expect(Array.from({ length: 1000 }, () => bucket.take())).not.toContain(false);
  });
});

test.each<[string, AdmissionOptions]>([
  ["no connection of an address", { maxConnectionsPerAddress: 0 }],
  ["NaN of an address", { maxConnectionsPerAddress: Number.NaN }],
  ["none a second", { acceptRate: { perSecond: 0 } }],
  ["fewer than none", { acceptRate: { perSecond: -1 } }],
  ["no burst", { acceptRate: { perSecond: 1, burst: 0.5 } }],
])("%s is a RangeError before anybody listens", async (_, options) => {
  await expect(listen(anyAddress("tcp"), options)).rejects.toThrow(RangeError);
});

describe("a server", () => {
  const echo = {
    codec: lines(),
    onMessage: (connection: { send(line: string): unknown }, line: string) => connection.send(line),
  };

  test("turns away, counts by what was in the way, and goes on", async () => {
    const clock = new ManualClock();
    const diary = new Diary();
    await using server = await listen(anyAddress("tcp"), {
      ...diary.keep(echo),
      maxConnectionsPerAddress: 2,
      acceptRate: { perSecond: 1, burst: 3 },
      loop: createEventLoop(clock),
    });
    const first = await dial(server.address);
    const second = await dial(server.address);
    expect(await readAll(await dial(server.address))).toHaveLength(0);
    expect(server.stats()).toMatchObject({ refused: 1, refusedBy: { maxConnectionsPerAddress: 1 } });

    second.destroy();
    await diary.until("close");
    await settled();
    const third = await dial(server.address);
    third.destroy();
    await diary.until("close", 2);
    await settled();
    expect(await readAll(await dial(server.address))).toHaveLength(0);
    expect(server.stats()).toMatchObject({
      refused: 2,
      refusedBy: { maxConnectionsPerAddress: 1, acceptRate: 1 },
    });

    clock.advance(1000);
    const client = await connect(server.address, { codec: lines() });
    client.send("here");
    for await (const line of client) {
      expect(line).toBe("here");
      break;
    }
    first.destroy();
    client.destroy();
  });

  test("denies before anything is made", async () => {
    let made = 0;
    await using server = await listen(anyAddress("tcp"), {
      codec: (link) => {
        made += 1;
        return lines()(link);
      },
      deny: ["127.0.0.0/8"],
    });
    expect(await readAll(await dial(server.address))).toHaveLength(0);
    expect(server.stats()).toMatchObject({ opened: 0, refused: 1, refusedBy: { denied: 1 } });
    expect(made).toBe(0);
  });

  test("at a unix path asks for no address", async () => {
    await using server = await listen(anyAddress("unix"), {
      ...echo,
      maxConnectionsPerAddress: 1,
      allow: [],
    });
    const [one, two] = [await dial(server.address), await dial(server.address)];
    one.write("1\n");
    two.write("2\n");
    one.end();
    two.end();
    expect([String(await readAll(one)), String(await readAll(two))]).toEqual(["1\n", "2\n"]);
  });

  test("an address whose connections all ended may have as many again, whatever ended them", async () => {
    const printed = vi.spyOn(console, "error").mockImplementation(() => {});
    const diary = new Diary();
    let made = 0;
    await using server = await listen(anyAddress("tcp"), {
      ...diary.keep(echo),
      codec: (link) => {
        made += 1;
        if (made === 1) throw new Error("not today");
        return lines()(link);
      },
      maxConnectionsPerAddress: 1,
    });
    expect(await readAll(await dial(server.address))).toHaveLength(0);
    expect(printed).toHaveBeenCalledOnce();
    printed.mockRestore();
    for (const [i, ending] of (["destroy", "end", "resetAndDestroy"] as const).entries()) {
      const socket = await dial(server.address);
      await diary.until("connect", i + 1);
      socket[ending]();
      socket.resume();
      await diary.until("close", i + 1);
      await settled();
    }
    const last = await dial(server.address);
    last.end("last\n");
    expect(String(await readAll(last))).toBe("last\n");
    expect(server.stats().refused).toBe(0);
  });
});
