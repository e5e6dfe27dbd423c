import type { Fields } from "./head/fields.ts";

/** Whether whoever sent a head would like the connection to go on: RFC 9112 9.3. */
export function persists(minor: number, fields: Fields): boolean {
  const isClose = fields.hasToken("connection", "close");
  return minor === 0 ? !isClose && fields.hasToken("connection", "keep-alive") : !isClose;
}
