import { connect } from "@sock/core";
import { canBindShared } from "@sock/core/sockets";
import { describe, expect, onTestFinished, test } from "vitest";
import { openSharing, type Shared } from "../src/sharing/choose.ts";
import type { Sharing } from "../src/sharing/sharing.ts";

const anywhere: Shared = { address: "tcp://127.0.0.1:0", count: 2, accept: "auto", reusePort: false };

async function open(shared: Partial<Shared> = {}): Promise<Sharing> {
  const sharing = await openSharing({ ...anywhere, ...shared }, () => {});
  if (sharing === undefined) throw new Error("nothing to share");
  onTestFinished(() => sharing.close());
  return sharing;
}

/** A process that writes down what it is told. */
function member(id: number) {
  const told: string[] = [];
  return {
    id,
    told,
    send(message: { is: string; socket?: number }, _?: object, sent?: (error: Error | null) => void) {
      told.push([message.is, message.socket].filter((part) => part !== undefined).join(" "));
      sent?.(null);
    },
  };
}

describe("what is chosen", () => {
  test.each([
    [{}, canBindShared ? "reusePort" : "handover"],
    [{ count: 1 }, "shared"],
    [{ accept: "shared" as const }, "shared"],
    [{ accept: "handover" as const, count: 1 }, "handover"],
    [{ accept: "handover" as const, reusePort: true }, "handover"],
  ])("for %j is %s", async (shared, accept) => {
    expect((await open(shared)).accept).toBe(accept);
  });

  test("for no address is nothing", async () => {
    expect(await openSharing({ ...anywhere, address: "" }, () => {})).toBeUndefined();
  });

  test("for a unix socket cannot be a port", async () => {
    await expect(open({ address: "unix:/tmp/nowhere.sock", accept: "reusePort" })).rejects.toMatchObject({
      code: "NOT_SUPPORTED",
    });
  });
});

describe.skipIf(!canBindShared)("sockets of each id", () => {
  test("are given to the process of that id, and to the next one of it", async () => {
    const sharing = await open();
    const [first, second, next] = [member(0), member(1), member(1)];
    for (const each of [first, second, next]) sharing.join(each);
    sharing.leave(second);
    expect([first.told, second.told, next.told]).toEqual([["listen 0"], ["listen 1"], ["listen 1"]]);
  });

  test("are lent to another while there is none, and taken back", async () => {
    const sharing = await open();
    const [first, second, next] = [member(0), member(1), member(1)];
    sharing.join(first);
    sharing.join(second);
    sharing.leave(second);
    expect(first.told).toEqual(["listen 0", "listen 1"]);
    sharing.join(next);
    expect(first.told).toEqual(["listen 0", "listen 1", "leave 1"]);
    expect(next.told).toEqual(["listen 1"]);
  });

  test("are lent on when the borrower goes too", async () => {
    const sharing = await open({ count: 3 });
    const [first, second, third] = [member(0), member(1), member(2)];
    for (const each of [first, second, third]) sharing.join(each);
    sharing.leave(second);
    sharing.leave(first);
    expect(third.told.sort()).toEqual(["listen 0", "listen 1", "listen 2"]);
  });
});

describe("connections that are handed over", () => {
  test("go to one process after the other, also to one that came later, and to none that has left", async () => {
    const sharing = await open({ accept: "handover" });
    const [first, second, third] = [member(0), member(1), member(0)];
    sharing.join(first);
    sharing.join(second);
    for (let i = 0; i < 4; i++) await (await connect(sharing.address)).drained();
    while (first.told.length + second.told.length < 4) await new Promise(setImmediate);
    expect([first.told.length, second.told.length]).toEqual([2, 2]);
    sharing.join(third);
    sharing.leave(first);
    for (let i = 0; i < 4; i++) await (await connect(sharing.address)).drained();
    while (second.told.length + third.told.length < 6) await new Promise(setImmediate);
    expect([first.told.length, second.told.length, third.told.length]).toEqual([2, 4, 2]);
  });

  test("wait for a process when there is none", async () => {
    const sharing = await open({ accept: "handover" });
    await connect(sharing.address);
    const first = member(0);
    // It has come in by the time that another has.
    await connect(sharing.address);
    await new Promise(setImmediate);
    sharing.join(first);
    while (first.told.length < 2) await new Promise(setImmediate);
    expect(first.told).toEqual(["connection", "connection"]);
  });
});
