import { once } from "node:events";
import { dial } from "../support/dial.ts";

/** Says `text`, which ends within a frame or not, and is gone. */
export async function vanishes(address: string, text: string): Promise<void> {
  const socket = await dial(address);
  socket.write(text, () => socket.destroy());
  await once(socket, "close");
}
