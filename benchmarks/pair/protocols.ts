import type { Protocol } from "./protocol.ts";
import { frame } from "./protocols/frame.ts";
import { http } from "./protocols/http.ts";
import { raw } from "./protocols/raw.ts";
import { text } from "./protocols/text.ts";
import { websocket } from "./protocols/websocket.ts";

/** What the load can speak, by name, for payloads of a size. */
export const protocols = {
  raw,
  text: () => text,
  frame: () => frame,
  http: () => http,
  websocketText: () => websocket("text"),
  websocketBinary: () => websocket("binary"),
} satisfies Record<string, (payloadSize: number) => Protocol>;
