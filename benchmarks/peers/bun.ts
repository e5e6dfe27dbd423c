/** Sends back what it gets, under Bun: `bun.ts raw|websocket|http`. */

/** What is used of Bun. */
declare const Bun: {
  listen(options: object): { port: number };
  serve(options: object): { port: number };
};
interface Socket {
  data: Uint8Array[];
  write(bytes: Uint8Array): number;
}
interface WebSocket {
  send(message: string | Uint8Array): void;
}

const hostname = "127.0.0.1";
const schemes: Record<string, () => { port: number }> = {
  raw: () =>
    Bun.listen({
      hostname,
      port: 0,
      socket: {
        open(socket: Socket) {
          socket.data = [];
        },
        data(socket: Socket, bytes: Uint8Array) {
          if (socket.data.length > 0) socket.data.push(bytes.slice());
          else write(socket, bytes);
        },
        drain(socket: Socket) {
          const waiting = socket.data;
          socket.data = [];
          for (const bytes of waiting) {
            if (socket.data.length > 0) socket.data.push(bytes);
            else write(socket, bytes);
          }
        },
      },
    }),

  websocket: () =>
    Bun.serve({
      hostname,
      port: 0,
      fetch(request: Request, server: { upgrade(request: Request): boolean }) {
        return server.upgrade(request) ? undefined : new Response(null, { status: 426 });
      },
      websocket: {
        message: (socket: WebSocket, message: string | Uint8Array) => socket.send(message),
        maxPayloadLength: 64 * 2 ** 20,
        backpressureLimit: 64 * 2 ** 20,
      },
    }),

  http: () =>
    Bun.serve({
      hostname,
      port: 0,
      async fetch(request: Request) {
        if (request.method === "POST") return new Response(await request.arrayBuffer());
        return new Response(request.url.slice(request.url.indexOf("/", "http://".length)));
      },
    }),
};

/** What the kernel does not take waits for `drain`: a socket of Bun keeps nothing. */
function write(socket: Socket, bytes: Uint8Array): void {
  const written = socket.write(bytes);
  if (written < bytes.length) socket.data.push(bytes.slice(Math.max(0, written)));
}

const serve = schemes[process.argv[2] ?? ""];
if (serve === undefined) {
  console.error("schemes: raw websocket http");
  process.exit(2);
}
console.log(`listening on tcp://${hostname}:${serve().port}`);
