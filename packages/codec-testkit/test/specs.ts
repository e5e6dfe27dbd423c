import fc from "fast-check";
import type { Parcel } from "./codecs.ts";

const characters = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).filter(
  (one) => one !== "\n",
);

/** Messages of the codecs in `codecs.ts`, and how their parcels are made. */
export const lines = { message: fc.string({ unit: fc.constantFrom(...characters), maxLength: 8 }) };
export const bytes = { message: fc.uint8Array({ maxLength: 10 }) };
export const parcels = {
  message: fc.record({ name: lines.message, body: fc.array(bytes.message, { maxLength: 4 }) }),
  make: ({ name, body }: { name: string; body: Uint8Array[] }): Parcel => ({ name, body: piecewise(body) }),
};

async function* piecewise(pieces: Uint8Array[]): AsyncIterable<Uint8Array> {
  yield* pieces;
}
