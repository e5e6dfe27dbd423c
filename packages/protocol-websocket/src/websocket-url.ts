/** What a WebSocket's URL says. */
export interface WebSocketUrl {
  /** What `connect` takes: `tcp://host:port`, `tls://host:port`, `unix:/path`. */
  readonly address: string;
  /** As the Host field has it. */
  readonly host: string;
  /** As the request line has it: the path and the query. */
  readonly target: string;
}

const PORTS: Readonly<Record<string, number>> = { "ws:": 80, "wss:": 443 };

/**
 * Where to connect to for a WebSocket's URL: `"ws://host/path"` is at `"tcp://host:80"`.
 * @throws TypeError when it is no URL of a WebSocket
 */
export function websocketAddress(url: string | URL): string {
  return parseWebSocketUrl(url).address;
}

/** @throws TypeError */
export function parseWebSocketUrl(url: string | URL): WebSocketUrl {
  const { protocol, hostname, host, port, pathname, search, hash, username, password, href } = new URL(url);
  // RFC 6455 3: fragments must not be used.
  if (hash !== "" || href.endsWith("#")) throw new TypeError("the URL of a WebSocket has no fragment");
  if (username !== "" || password !== "")
    throw new TypeError("a URL carries no password here: send an Authorization header");
  if (protocol === "ws+unix:") return parseUnix(decodeURIComponent(hostname) + pathname, search);
  const defaultPort = PORTS[protocol];
  if (defaultPort === undefined) throw new TypeError(`${protocol} is not ws:, wss: or ws+unix:`);
  const transport = protocol === "wss:" ? "tls" : "tcp";
  return { address: `${transport}://${hostname}:${port || defaultPort}`, host, target: pathname + search };
}

/** The path of the socket ends at a colon, as with `ws`. */
function parseUnix(path: string, search: string): WebSocketUrl {
  const colon = path.indexOf(":");
  const socket = decodeURIComponent(colon === -1 ? path : path.slice(0, colon));
  const target = colon === -1 ? "/" : path.slice(colon + 1);
  if (!socket.startsWith("/")) throw new TypeError("the path of a unix socket begins with a slash");
  if (!target.startsWith("/")) throw new TypeError("the path behind a unix socket's begins with a slash");
  return { address: `unix:${socket}`, host: "localhost", target: target + search };
}
