/** Where a server listens or a client connects. */
export type Address =
  | { readonly transport: "tcp"; readonly host: string; readonly port: number }
  | { readonly transport: "tls"; readonly host: string; readonly port: number }
  | { readonly transport: "udp"; readonly host: string; readonly port: number }
  | { readonly transport: "unix"; readonly path: string };

/** Where connections are made and accepted. */
export type StreamAddress = Exclude<Address, { transport: "udp" }>;

/** Where connections speak TLS. */
export type TlsAddress = Extract<Address, { transport: "tls" }>;

/** Where datagrams are taken and sent. */
export type UdpAddress = Extract<Address, { transport: "udp" }>;

/**
 * Reads `tcp://host:port`, `tls://host:port`, `udp://host:port` and `unix:/path`. Port 0 lets the system choose; an IPv6
 * host stands in brackets.
 * @throws TypeError when it is none of them
 */
export function parseAddress(text: string): Address {
  const [, transport, rest = ""] = /^([a-z]+):(.*)$/s.exec(text) ?? [];
  if (transport === "tcp" || transport === "tls" || transport === "udp")
    return { transport, ...parseHostAndPort(text, rest) };
  if (transport === "unix") return parsePath(text, rest);
  throw new TypeError(
    `"${text}" is no address: tcp://host:port, tls://host:port, udp://host:port or unix:/path`,
  );
}

/**
 * As `parseAddress`, where a connection is wanted.
 * @throws TypeError also when it is one for datagrams
 */
export function parseStreamAddress(text: string): StreamAddress {
  const address = parseAddress(text);
  if (address.transport !== "udp") return address;
  throw new TypeError(`"${text}" has no connections: datagrams have connect("udp://…")`);
}

/** The address as it is written. */
export function formatAddress(address: Address): string {
  if (address.transport === "unix") return `unix:${address.path}`;
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  return `${address.transport}://${host}:${address.port}`;
}

function parseHostAndPort(text: string, rest: string): { host: string; port: number } {
  // No NUL: the resolver would look up what stands before it, and a certificate be compared with all of it.
  const [, ipv6, name, digits] =
    /^\/\/(?:\[([\da-fA-F:.]+(?:%[\w.-]+)?)\]|([^\s:/[\]\0]+)):(\d{1,5})$/.exec(rest) ?? [];
  const host = ipv6 ?? name;
  const port = Number(digits);
  if (host === undefined || port > 65_535)
    throw new TypeError(`"${text}" is not ${text.slice(0, 3)}://host:port, port 0 to 65535`);
  return { host, port };
}

function parsePath(text: string, rest: string): Address {
  // unix:///run/chat.sock, as the ancestor writes it, and unix:/run/chat.sock.
  const path = rest.startsWith("///") ? rest.slice(2) : rest;
  if (path === "" || path.startsWith("//") || path.includes("\0"))
    throw new TypeError(`"${text}" is not unix:/path`);
  return { transport: "unix", path };
}
