/** Where a server listens or a client connects. */
export type Address =
  | { readonly transport: "tcp"; readonly host: string; readonly port: number }
  | { readonly transport: "unix"; readonly path: string };

/**
 * Reads `tcp://host:port` and `unix:/path`. Port 0 lets the system choose; an IPv6 host stands in brackets.
 * @throws TypeError when it is neither
 */
export function parseAddress(text: string): Address {
  const [, transport, rest = ""] = /^([a-z]+):(.*)$/s.exec(text) ?? [];
  if (transport === "tcp") return parseHostAndPort(text, rest);
  if (transport === "unix") return parsePath(text, rest);
  throw new TypeError(`"${text}" is no address: tcp://host:port or unix:/path`);
}

/** The address as it is written. */
export function formatAddress(address: Address): string {
  if (address.transport === "unix") return `unix:${address.path}`;
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  return `tcp://${host}:${address.port}`;
}

function parseHostAndPort(text: string, rest: string): Address {
  const [, ipv6, name, digits] =
    /^\/\/(?:\[([\da-fA-F:.]+(?:%[\w.-]+)?)\]|([^\s:/[\]]+)):(\d{1,5})$/.exec(rest) ?? [];
  const host = ipv6 ?? name;
  const port = Number(digits);
  if (host === undefined || port > 65_535)
    throw new TypeError(`"${text}" is not tcp://host:port, port 0 to 65535`);
  return { transport: "tcp", host, port };
}

function parsePath(text: string, rest: string): Address {
  // unix:///run/chat.sock, as the ancestor writes it, and unix:/run/chat.sock.
  const path = rest.startsWith("///") ? rest.slice(2) : rest;
  if (path === "" || path.startsWith("//") || path.includes("\0"))
    throw new TypeError(`"${text}" is not unix:/path`);
  return { transport: "unix", path };
}
