import { expect, test } from "vitest";
import { Framed } from "../src/framed.ts";
import { record, script } from "./toys.ts";

test("nothing comes out before the start", () => {
  const { framed, log } = record(script({ factory: "reply hello; note new; end" }));
  framed.receive(Buffer.from("say a\n"));
  framed.finish();
  framed.resume();
  expect(log).toEqual([]);
});

test("the factory's reply goes out first, then the connection is open, then the rest happens", () => {
  const { framed, log } = record(script({ factory: "note new; reply hello; reply again" }));
  framed.receive(Buffer.from("say a\n"));
  framed.start();
  expect(log).toEqual(["reply hello", "reply again", "opened", "note new", "message a"]);
});

test("what the factory asks for later waits for the start as well", () => {
  const { framed, log } = record(script({ link: (link) => queueMicrotask(() => link.reply("late")) }));
  return Promise.resolve().then(() => {
    expect(log).toEqual([]);
    framed.start();
    expect(log).toEqual(["reply late", "opened"]);
  });
});

test("a handshake is not open until the codec that it prepares has taken over", () => {
  const handshake = script({
    opening: true,
    factory: "reply hello",
    next: script({ factory: "reply ready" }),
  });
  const { framed, log } = record(handshake);
  framed.start();
  expect(log).toEqual(["reply hello"]);
  framed.receive(Buffer.from("reply agreed; upgrade; note agreed\nsay a\n"));
  expect(log).toEqual(["reply hello", "reply agreed", "reply ready", "opened", "note agreed", "message a"]);
});

test("two handshakes in a row open once", () => {
  const second = script({ opening: true, next: script() });
  const { framed, log } = record(script({ opening: true, next: second }));
  framed.start();
  framed.receive(Buffer.from("upgrade\n"));
  expect(log).toEqual([]);
  framed.receive(Buffer.from("upgrade\n"));
  expect(log).toEqual(["opened"]);
});

test("an upgrade of an open connection does not open it again", () => {
  const { framed, log } = record(script({ next: script() }));
  framed.start();
  framed.receive(Buffer.from("upgrade\n"));
  expect(log).toEqual(["opened"]);
});

test("what is closed does not start", () => {
  const { framed, log } = record(script({ factory: "reply hello; note new; end" }));
  framed.receive(Buffer.from("say a\n"));
  framed.closed();
  framed.start();
  expect(log).toEqual([]);
});

test("what is closed by the factory's reply does not open", () => {
  const { framed, log } = record(script({ factory: "reply hello; reply again; note new" }), {
    watch: (_, framed) => framed.closed(),
  });
  framed.start();
  expect(log).toEqual(["reply hello"]);
});

test("what the first factory throws is thrown to whoever makes the Framed", () => {
  const sink = { message() {}, write() {}, failed() {} };
  expect(() => new Framed(script({ factory: "throw no" }), sink)).toThrow("no");
});
