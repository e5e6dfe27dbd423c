import { carrierOf, dial } from "../support/dial.ts";

/** Says `text`, reads nothing, and resets the connection when it is told to. */
export async function resets(address: string, text: string) {
  const socket = await dial(address);
  socket.write(text);
  return {
    reset() {
      // There is no reset to send over a unix socket: what was not read makes one.
      if (!address.startsWith("unix")) carrierOf(socket).resetAndDestroy();
      else socket.destroy();
    },
  };
}
