import { channel } from "node:diagnostics_channel";

/**
 * Channels of `node:diagnostics_channel`, by name. A message carries `connection` and what is named here.
 *
 * - `sock:connection:open`, `sock:connection:close`
 * - `sock:connection:message`: `message`, before it is delivered
 * - `sock:connection:drop`: `message`, that `send` did not accept
 * - `sock:connection:error`: `error`, `phase`
 */
export const diagnostics = {
  open: channel("sock:connection:open"),
  close: channel("sock:connection:close"),
  message: channel("sock:connection:message"),
  drop: channel("sock:connection:drop"),
  error: channel("sock:connection:error"),
};
