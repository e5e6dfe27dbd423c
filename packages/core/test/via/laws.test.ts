import { codecLaws } from "@sock/codec-testkit";
import fc from "fast-check";
import { describe, test } from "vitest";
import { socks5 } from "../../src/index.ts";
import { boxed } from "../support/codecs.ts";
import { GRANTED, type SocksServerOptions, socksServerCodec } from "../support/socks-server.ts";

const login = { username: "jo", password: "s3cret" };

describe.each([
  ["without a password", {}, {}],
  ["with one", login, { login: "jo:s3cret" }],
] as const)("socks5 %s, then a length and text", (_, credentials, server: SocksServerOptions) => {
  const codec = socks5({ address: "tcp://proxy:1080", ...credentials }).open("example.com", 80, boxed());
  const peer = socksServerCodec({
    ...server,
    granted(link) {
      link.reply(GRANTED);
      link.upgrade(boxed());
      return undefined;
    },
  });
  const message = fc.string({ unit: fc.constantFrom("a", "b", "é", "\0"), maxLength: 10 });
  const spec = { codec: codec as never, peer: peer as never, message, maxPackageSize: 1024 };
  for (const { name, run } of codecLaws<string, string>(spec)) test(name, run);
});
