import { type Codec, type CodecFactory, type CodecLink, ProtocolError, type Via } from "@sock/codec";
import { measureSocksAddress, socksAddress } from "./socks-address.ts";

export interface Socks5Options {
  /** Where the proxy is: `tcp://127.0.0.1:1080`. */
  readonly address: string;
  /** 1 to 255 bytes of UTF-8. It is offered; a proxy that asks for none may let us through without. */
  readonly username?: string | undefined;
  /** 1 to 255 bytes of UTF-8, sent as they are: RFC 1929 knows nothing better. */
  readonly password?: string | undefined;
}

/**
 * A SOCKS 5 proxy for `via` (RFC 1928, with the passwords of RFC 1929). Names are looked up by the proxy, not here.
 *
 * A refusal is a `ProtocolError` with a code for each that the RFC knows: `SOCKS_CONNECTION_REFUSED` and so on.
 * @throws TypeError, RangeError when username or password cannot be sent
 * @example
 * await connect("tcp://example.com:2347", { via: [socks5({ address: "tcp://127.0.0.1:1080" })] });
 */
export function socks5({ address, username, password }: Socks5Options): Via {
  const login = loginOf(username, password);
  return {
    address,
    open(host, port, next) {
      const request = Buffer.concat([Buffer.of(VERSION, CONNECT, 0), socksAddress(host, port)]);
      return (link) => new MethodCodec(link, { login, request, next });
    },
  };
}

const VERSION = 5;
const CONNECT = 1;
const NO_LOGIN = 0;
const PASSWORD = 2;
const NO_METHOD = 0xff;
const LOGIN_VERSION = 1;

/** RFC 1928, 6: what the proxy answers to the request, where it does not consent. */
const REFUSALS: Readonly<Record<number, [code: string, sentence: string]>> = {
  1: ["SOCKS_FAILURE", "the SOCKS proxy failed"],
  2: ["SOCKS_NOT_ALLOWED", "the SOCKS proxy does not allow this target"],
  3: ["SOCKS_NETWORK_UNREACHABLE", "the SOCKS proxy cannot reach the target's network"],
  4: ["SOCKS_HOST_UNREACHABLE", "the SOCKS proxy cannot reach the target's host"],
  5: ["SOCKS_CONNECTION_REFUSED", "nobody listens at the target, the SOCKS proxy says"],
  6: ["SOCKS_TTL_EXPIRED", "the SOCKS proxy's way to the target is too long"],
  7: ["SOCKS_COMMAND_UNSUPPORTED", "the SOCKS proxy does not connect"],
  8: ["SOCKS_ADDRESS_UNSUPPORTED", "the SOCKS proxy does not know this kind of address"],
};

/** What is said to the proxy, and who speaks when it has consented. */
interface Plan {
  /** Absent: nobody is to be told who we are. */
  readonly login: Buffer | undefined;
  readonly request: Buffer;
  readonly next: CodecFactory<unknown, never, never>;
}

/** Awaits one answer of the proxy; each is a codec of its own, and upgrades to the next. */
abstract class AnswerCodec implements Codec<never> {
  readonly opening = true;
  protected readonly link: CodecLink;
  protected readonly plan: Plan;

  constructor(link: CodecLink, plan: Plan) {
    this.link = link;
    this.plan = plan;
    // The longest: four bytes, a name of 255 behind its length, a port.
    link.maxPackageSize = 4 + 256 + 2;
  }

  get name(): string {
    return "socks5";
  }

  abstract input(buffer: Uint8Array): number;
  abstract decode(answer: Uint8Array): undefined;

  encode(): never {
    throw new TypeError("no message can be sent before the proxy has opened the way");
  }

  finish(rest: Uint8Array): never {
    throw new ProtocolError("UNEXPECTED_END", `the SOCKS proxy ended ${rest.length} bytes into an answer`);
  }
}

/** RFC 1928, 3: says how we may tell who we are; the proxy chooses. */
class MethodCodec extends AnswerCodec {
  constructor(link: CodecLink, plan: Plan) {
    super(link, plan);
    const methods = plan.login === undefined ? [NO_LOGIN] : [NO_LOGIN, PASSWORD];
    link.reply(Buffer.of(VERSION, methods.length, ...methods));
  }

  input(buffer: Uint8Array): number {
    checkVersion(buffer);
    return buffer.length < 2 ? 0 : 2;
  }

  decode([, method]: Uint8Array): undefined {
    const { plan } = this;
    if (method === NO_METHOD) throw new ProtocolError("SOCKS_NO_METHOD", noMethod(plan));
    if (method === NO_LOGIN) this.link.upgrade((link) => new ConsentCodec(link, plan));
    else if (method === PASSWORD && plan.login !== undefined)
      this.link.upgrade((link) => new LoginCodec(link, plan, plan.login as Buffer));
    else
      throw new ProtocolError(
        "SOCKS_METHOD",
        `the SOCKS proxy chose method ${method}, which was not offered`,
      );
  }
}

/** RFC 1929: says who we are. */
class LoginCodec extends AnswerCodec {
  constructor(link: CodecLink, plan: Plan, login: Buffer) {
    super(link, plan);
    link.reply(login);
  }

  input([version]: Uint8Array): number {
    if (version !== LOGIN_VERSION)
      throw new ProtocolError(
        "SOCKS_VERSION",
        `version ${version} of the SOCKS login is not ${LOGIN_VERSION}`,
      );
    return 2;
  }

  decode([, status]: Uint8Array): undefined {
    if (status !== 0)
      throw new ProtocolError(
        "SOCKS_LOGIN",
        `the SOCKS proxy refuses username or password (status ${status})`,
      );
    this.link.upgrade((link) => new ConsentCodec(link, this.plan));
  }
}

/** RFC 1928, 4 and 6: asks for the target. */
class ConsentCodec extends AnswerCodec {
  constructor(link: CodecLink, plan: Plan) {
    super(link, plan);
    link.reply(plan.request);
  }

  input(buffer: Uint8Array): number {
    checkVersion(buffer);
    const [, reply, reserved] = buffer;
    // Proxies that refuse need not say more.
    if (reply !== undefined && reply !== 0) throw refusal(reply);
    if (reserved !== undefined && reserved !== 0)
      throw new ProtocolError("SOCKS_RESERVED", `the SOCKS proxy's reserved byte is ${reserved}`);
    const address = measureSocksAddress(buffer.subarray(3));
    return address === 0 ? 0 : 3 + address;
  }

  decode(): undefined {
    // Where the proxy connects from, which is of no use to us.
    this.link.upgrade(this.plan.next);
  }
}

function checkVersion([version]: Uint8Array): void {
  if (version !== VERSION)
    throw new ProtocolError("SOCKS_VERSION", `the proxy answers in version ${version}, not in SOCKS 5`);
}

function refusal(reply: number): ProtocolError {
  const [code, sentence] = REFUSALS[reply] ?? ["SOCKS_UNKNOWN_REPLY", "the SOCKS proxy refuses"];
  return new ProtocolError(code, `${sentence} (reply ${reply})`);
}

function noMethod({ login }: Plan): string {
  return login === undefined
    ? "the SOCKS proxy wants to know who we are, and no username was given"
    : "the SOCKS proxy takes no username and password";
}

/** RFC 1929, 2. */
function loginOf(username: string | undefined, password: string | undefined): Buffer | undefined {
  if (username === undefined && password === undefined) return undefined;
  if (username === undefined || password === undefined)
    throw new TypeError("a SOCKS username and its password come together");
  return Buffer.concat([
    Buffer.of(LOGIN_VERSION),
    counted(username, "username"),
    counted(password, "password"),
  ]);
}

function counted(text: string, what: string): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length < 1 || bytes.length > 255)
    throw new RangeError(`a SOCKS ${what} has 1 to 255 bytes, not ${bytes.length}`);
  return Buffer.concat([Buffer.of(bytes.length), bytes]);
}
