import { EventEmitter, once } from "node:events";
import { type Connection, listen, type Server, type ServerOptions } from "@sock/core";
import {
  type WebSocketMessage,
  type WebSocketMessageOut,
  type WebSocketNote,
  type WebSocketOptions,
  websocket,
} from "@sock/protocol-websocket";

type Options = ServerOptions<WebSocketMessage, WebSocketMessageOut, WebSocketNote>;
type Note<Type> = Extract<WebSocketNote, { type: Type }>;

export interface WebServer extends AsyncDisposable {
  readonly url: string;
  readonly server: Server<WebSocketMessage, WebSocketMessageOut, WebSocketNote>;
  /** The first connection of all, when it is open. */
  readonly connected: Promise<Connection<WebSocketMessage, WebSocketMessageOut, WebSocketNote>>;
  /** The first note of this type, when it has come. */
  note<Type extends WebSocketNote["type"]>(type: Type): Promise<Note<Type>>;
}

/** Listens for WebSockets, echoes what they say unless `options` say otherwise, and keeps their notes. */
export async function serve(protocol: WebSocketOptions, options: Partial<Options> = {}): Promise<WebServer> {
  const notes: WebSocketNote[] = [];
  const events = new EventEmitter();
  const connected = once(events, "connect").then(([connection]) => connection);
  const server = await listen("tcp://127.0.0.1:0", {
    codec: websocket(protocol),
    onMessage: (connection, message) => void connection.send(message),
    ...options,
    onConnect(connection) {
      events.emit("connect", connection);
      return options.onConnect?.(connection);
    },
    onNote(_, note) {
      notes.push(note);
      events.emit("note");
    },
  });
  return {
    url: server.address.replace("tcp:", "ws:"),
    server,
    connected,
    async note<Type extends WebSocketNote["type"]>(type: Type) {
      for (;;) {
        const found = notes.find((note): note is Note<Type> => note.type === type);
        if (found) return found;
        await once(events, "note");
      }
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
}
