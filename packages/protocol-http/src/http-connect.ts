import { type Codec, type CodecFactory, type CodecLink, ProtocolError, type Via } from "@sock/codec";
import { fieldLines, type HeadersToSend } from "./head/field-lines.ts";
import { DEFAULT_HEAD_LIMITS, type Head, HeadParser } from "./head/head-parser.ts";
import { RESPONSE, type StatusLine } from "./head/status-line.ts";
import { targetOf } from "./head/target.ts";
import { whole } from "./limits.ts";

export interface HttpConnectOptions {
  /** Where the proxy is: `tcp://127.0.0.1:3128`. */
  readonly address: string;
  /** Who we are, as Basic has it (RFC 7617): no colon, no control. It is told at once, without being asked for. */
  readonly username?: string | undefined;
  /** It goes in the clear, unless the way to the proxy is encrypted. */
  readonly password?: string | undefined;
  /** Further fields of the request: `Proxy-Authorization` of another kind, `User-Agent`. */
  readonly headers?: HeadersToSend | undefined;
  /**
   * Milliseconds for the proxy to reach the target and to answer. Default 10,000, as for `connect`, whose `timeout` counts
   * all that comes before the first message.
   */
  readonly timeout?: number | undefined;
}

/** What the request says of itself. */
const RESERVED = new Set(["connection", "content-length", "host", "transfer-encoding", "upgrade"]);

/** Answers that announce another. A proxy has little to announce. */
const MAX_INTERIM = 10;

/**
 * An HTTP proxy for `via`: asked by CONNECT (RFC 9110 9.3.6) for the way to the target, it passes bytes on. Names are
 * looked up by the proxy, not here.
 *
 * A proxy that does not consent is a `ProtocolError`: `HTTP_PROXY_AUTHENTICATION` for 407, `HTTP_PROXY_STATUS` else. Its
 * `cause` is the head of the answer: `status`, `reason`, `fields`.
 * @throws TypeError, RangeError for options that cannot be sent or are out of range
 * @example
 * await connect("tcp://example.com:2347", { via: [httpConnect({ address: "tcp://127.0.0.1:3128" })] });
 */
export function httpConnect(options: HttpConnectOptions): Via {
  const { address, headers = {}, timeout = 10_000 } = options;
  const within = whole(timeout, "timeout", 1);
  const authorization = authorizationOf(options);
  const reserved = authorization.length === 0 ? RESERVED : new Set([...RESERVED, "proxy-authorization"]);
  const further = [...authorization, ...fieldLines(headers, reserved)];
  return {
    address,
    open(host, port, next) {
      const target = `${host.includes(":") ? `[${host}]` : host}:${port}`;
      const found = targetOf("CONNECT", target, "");
      if ("part" in found || port > 0xffff) throw new TypeError(`a proxy cannot be asked for ${target}`);
      const request = [`CONNECT ${target} HTTP/1.1`, `Host: ${target}`, ...further, "", ""].join("\r\n");
      return (link) =>
        new ConnectCodec(link, { target, request: Buffer.from(request, "latin1"), within, next });
    },
  };
}

/** @throws TypeError */
function authorizationOf({ username, password }: HttpConnectOptions): string[] {
  if (username === undefined && password === undefined) return [];
  if (username === undefined || password === undefined)
    throw new TypeError("the username for a proxy and its password come together");
  if (username.includes(":") || /\p{Cc}/u.test(username + password))
    throw new TypeError("the username for a proxy has no colon, and neither it nor its password a control");
  const credentials = Buffer.from(`${username}:${password}`).toString("base64");
  return [`Proxy-Authorization: Basic ${credentials}`];
}

/** What is said to the proxy, and who speaks when it has consented. */
interface Plan {
  /** For people. */
  readonly target: string;
  readonly request: Buffer;
  readonly within: number;
  readonly next: CodecFactory<unknown, never, never>;
}

/** Sends one request, checks the answer, and hands over. */
class ConnectCodec implements Codec<never> {
  readonly opening = true;
  readonly #link: CodecLink;
  readonly #plan: Plan;
  readonly #head = new HeadParser(RESPONSE);
  #interim = 0;

  constructor(link: CodecLink, plan: Plan) {
    this.#link = link;
    this.#plan = plan;
    // One more than the head may take: its parser refuses first, and knows why.
    link.maxPackageSize = DEFAULT_HEAD_LIMITS.maxHeadSize + 1;
    link.phase("proxy handshake", { within: plan.within });
    link.reply(plan.request);
  }

  get name(): string {
    return "http";
  }

  input(buffer: Uint8Array): number {
    return this.#head.scan(buffer);
  }

  decode(frame: Uint8Array): undefined {
    const head = this.#head.take(frame);
    const { status } = head;
    if (status >= 200 && status < 300) {
      // Whoever is next may know of no deadlines.
      this.#link.phase("proxied");
      // RFC 9110 9.3.6: whatever lengths the answer tells, what follows is the target's.
      this.#link.upgrade(this.#plan.next);
      return;
    }
    this.#interim += 1;
    // RFC 9110 15.2: answers that announce another. To switch to what was not offered is none.
    if (status >= 200 || status === 101 || this.#interim > MAX_INTERIM) throw this.#refusal(head);
  }

  encode(): never {
    throw new TypeError("no message can be sent before the proxy has opened the way");
  }

  farewell(): void {
    this.#link.end();
  }

  finish(rest: Uint8Array): never {
    throw new ProtocolError("UNEXPECTED_END", `the proxy ended ${rest.length} bytes into its answer`);
  }

  /** The answer is the error's `cause`. */
  #refusal(head: Head<StatusLine>): ProtocolError {
    const { status, reason } = head;
    const code = status === 407 ? "HTTP_PROXY_AUTHENTICATION" : "HTTP_PROXY_STATUS";
    const sentence = `the proxy answers ${status} ${reason} to the way to ${this.#plan.target}`;
    return new ProtocolError(code, sentence, { cause: head });
  }
}
