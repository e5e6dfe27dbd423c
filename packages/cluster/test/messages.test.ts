import { describe, expect, test } from "vitest";
import { type Role, seal, takeRole, unseal, withRole } from "../src/process/messages.ts";

const role: Role = {
  master: 100,
  app: "",
  worker: 1,
  id: 2,
  asked: "tcp://127.0.0.1:0",
  address: "tcp://127.0.0.1:2347",
  serves: "sockets",
  stopTimeout: 8_000,
};

const alive = () => true;
const dead = () => false;

describe("a role", () => {
  test("is found in the environment, and taken out of it", () => {
    const env = withRole({ HOME: "/" }, role);
    expect(takeRole(env, 100, dead)).toEqual(role);
    expect(env).toEqual({ HOME: "/" });
  });

  test("is nobody's whose parent is another", () => {
    expect(takeRole(withRole({}, role), 101, alive)).toBeUndefined();
    expect(takeRole({}, 100, alive)).toBeUndefined();
  });

  test("is that of an orphan whose master has died meanwhile", () => {
    expect(takeRole(withRole({}, role), 1, dead)).toBe("orphan");
  });

  test("of another version is refused", () => {
    const env = withRole({}, role);
    const [[name = "", text = ""] = []] = Object.entries(env);
    env[name] = text.replace('"version":1', '"version":2');
    expect(() => takeRole(env, 100, alive)).toThrow(
      "the master speaks version 2 of @sock/cluster's messages",
    );
  });
});

describe("a message", () => {
  test("is told from those of others on the same channel", () => {
    expect(unseal(seal({ is: "reload" }))).toMatchObject({ is: "reload" });
    for (const other of [undefined, null, "reload", 1, {}, { is: "reload" }, { sock: 2, is: "reload" }])
      expect(unseal(other)).toBeUndefined();
  });
});
