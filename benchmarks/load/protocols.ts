import type { Protocol } from "./protocol.ts";
import { frame } from "./protocols/frame.ts";
import { httpGet, httpPost } from "./protocols/http.ts";
import { raw } from "./protocols/raw.ts";
import { socketIo } from "./protocols/socket-io.ts";
import { text } from "./protocols/text.ts";
import { websocket } from "./protocols/websocket.ts";

/** What the load can speak, by name, for payloads of a size. */
export const protocols = {
  raw,
  text: () => text,
  frame: () => frame,
  httpGet: () => httpGet,
  httpPost: () => httpPost,
  websocketText: () => websocket("text"),
  websocketBinary: () => websocket("binary"),
  socketIo: () => socketIo,
} satisfies Record<string, (payloadSize: number) => Protocol>;
