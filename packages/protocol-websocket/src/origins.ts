import type { Fault, WebSocketRequest } from "./request.ts";

/**
 * Which pages may connect. Browsers send cookies along whatever page asks, and name that page: without a look at it,
 * any page acts for its visitor.
 *
 * - `"same-host"`: pages of the host that the request is for
 * - `"any"`
 * - a list of origins: `["https://example.com"]`
 * - a function of the origin
 *
 * A request without an origin comes from no page, and passes.
 */
export type Origins =
  | "same-host"
  | "any"
  | readonly string[]
  | ((origin: string, request: WebSocketRequest) => boolean);

export function allows(origins: Origins, request: WebSocketRequest): boolean {
  const { origin, host } = request;
  if (origin === undefined || origins === "any") return true;
  if (origins === "same-host") return isSameHost(origin, host);
  return typeof origins === "function" ? origins(origin, request) === true : origins.includes(origin);
}

/** What a page gets that may not connect: RFC 6455 4.2.2, 4. */
export const FOREIGN: Fault = {
  status: 403,
  code: "WS_ORIGIN",
  sentence: "pages of this origin may not connect",
};

/** An origin never names the default port of its scheme, a host may. */
function isSameHost(origin: string, host: string): boolean {
  const page = parse(origin);
  return page !== undefined && page.host === parse(`${page.protocol}//${host}`)?.host;
}

function parse(address: string): URL | undefined {
  return URL.canParse(address) ? new URL(address) : undefined;
}
