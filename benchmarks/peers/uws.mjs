// Sends back what it gets, by uWebSockets.js: `uws.mjs websocket|http <folder of the module>`. In JavaScript, as the Node that
// can load it may know no other.
import { createRequire } from "node:module";

const [scheme, folder] = process.argv.slice(2);
const uws = createRequire(import.meta.url)(folder);
const MAX = 64 * 2 ** 20;

const schemes = {
  websocket: (app) =>
    app.ws("/*", {
      maxPayloadLength: MAX,
      maxBackpressure: MAX,
      message: (socket, message, isBinary) => socket.send(message, isBinary, false),
    }),
  http: (app) =>
    app.get("/*", (response, request) => {
      response.writeHeader("Content-Type", "text/plain; charset=utf-8").end(request.getUrl());
    }),
};

const route = schemes[scheme];
if (route === undefined) {
  console.error("schemes: websocket http");
  process.exit(2);
}
route(uws.App()).listen("127.0.0.1", 0, (socket) => {
  console.log(`listening on tcp://127.0.0.1:${uws.us_socket_local_port(socket)}`);
});
