import type { Codec, CodecFactory, CodecLink } from "@sock/codec";
import { onTestFinished } from "vitest";
import { connect, listen, raw, type Server } from "../../src/index.ts";

export interface SocksRequest {
  host: string;
  port: number;
}

export interface SocksServerOptions {
  /** `name:password`. Given: nobody comes in without. */
  login?: string;
  /** What a request makes of the connection. Default: it is a message, and nothing more is read. */
  granted?: (link: CodecLink, request: SocksRequest) => SocksRequest | undefined;
}

const VERSION = 5;
export const GRANTED = Buffer.from("05000001000000000000", "hex");

/** The server's side of SOCKS 5, as plain as it can be. */
export function socksServerCodec(options: SocksServerOptions = {}): CodecFactory<SocksRequest, never> {
  const { login, granted = holdFor } = options;
  return (link) => {
    let step: "methods" | "login" | "request" = "methods";
    const codec: Codec<SocksRequest, never> = {
      input(buffer) {
        if (buffer.length < 2) return 0;
        if (step === "methods") return 2 + buffer[1]!;
        if (step === "login")
          return buffer.length < 3 + buffer[1]! ? 0 : 3 + buffer[1]! + buffer[2 + buffer[1]!]!;
        return buffer.length < 5 ? 0 : lengthOf(buffer);
      },
      decode(frame) {
        if (step === "methods") {
          const method = login === undefined ? 0 : 2;
          const isOffered = frame.subarray(2).includes(method);
          link.reply(Buffer.of(VERSION, isOffered ? method : 0xff));
          if (isOffered) step = method === 0 ? "request" : "login";
          else link.end();
          return undefined;
        }
        if (step === "login") {
          const isRight = loginOf(frame) === login;
          link.reply(Buffer.of(1, isRight ? 0 : 1));
          if (isRight) step = "request";
          else link.end();
          return undefined;
        }
        return granted(link, requestOf(frame));
      },
      encode() {
        throw new Error("a proxy sends nothing of its own");
      },
    };
    return codec;
  };
}

/** A SOCKS 5 proxy on a socket. What it was asked for is in `requests`. */
export async function socksProxy(options: Pick<SocksServerOptions, "login"> = {}) {
  const requests: string[] = [];
  const server: Server<SocksRequest, never> = await listen("tcp://127.0.0.1:0", {
    codec: socksServerCodec(options),
    onError() {},
    async onMessage(connection, { host, port }) {
      requests.push(`${host}:${port}`);
      // Names are looked up here, and nowhere else.
      const there = host === "only.the.proxy.knows" ? "127.0.0.1" : host;
      const target = `tcp://${there.includes(":") ? `[${there}]` : there}:${port}`;
      const upstream = await connect(target).catch(() => undefined);
      if (upstream === undefined) {
        connection.sendRaw(Buffer.from("05050001000000000000", "hex"));
        connection.close();
        return;
      }
      connection.sendRaw(GRANTED);
      const tunnel = connection.upgrade(raw());
      tunnel.pipe(upstream);
      upstream.pipe(tunnel);
    },
  });
  onTestFinished(() => server.close());
  return { address: server.address, requests };
}

function holdFor(link: CodecLink, request: SocksRequest): SocksRequest {
  link.hold();
  return request;
}

function lengthOf(request: Uint8Array): number {
  if (request[3] === 1) return 10;
  if (request[3] === 4) return 22;
  return 7 + request[4]!;
}

function requestOf(frame: Uint8Array): SocksRequest {
  const bytes = Buffer.from(frame);
  const address = bytes.subarray(4, -2);
  const port = bytes.readUint16BE(bytes.length - 2);
  if (bytes[3] === 1) return { host: address.join("."), port };
  if (bytes[3] === 3) return { host: address.toString("latin1", 1), port };
  const groups = Array.from({ length: 8 }, (_, i) => address.readUint16BE(2 * i).toString(16));
  return { host: groups.join(":"), port };
}

function loginOf(frame: Uint8Array): string {
  const bytes = Buffer.from(frame);
  const username = bytes.subarray(2, 2 + bytes[1]!);
  return `${username}:${bytes.subarray(3 + username.length)}`;
}
