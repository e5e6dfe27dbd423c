/** What `bench codec` is given: `npx -y pnpm@12 bench codec docs/examples/measured-codec.ts`. */
import { type Json, jsonNl } from "./protocols/json-nl.ts";

/** Makes the codec, for one connection after the other. */
export const codec = jsonNl();

/** What the peer says, in turn, over and over. */
export const messages = [
  { from: "tom", says: "hello" },
  { from: "ann", says: "and good bye", at: [52.1, 4.3] },
];

/** What the codec answers. Without it: what it got. */
export const answer = (message: Json) => (message.ok ? message.value : undefined);
