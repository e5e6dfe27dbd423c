// A process of peers that come, exchange what they are told to, and say no more.
import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import { answer } from "../method/child.ts";
import { type Exchange, LoadConnection } from "./load-connection.ts";
import { httpGet } from "./protocols/http.ts";
import { raw } from "./protocols/raw.ts";
import { handshake, websocket } from "./protocols/websocket.ts";

/** What peers do before they are idle. */
export type Visit = keyof typeof visits;

/** At once on their way in: the kernel's queue of connections to be accepted is not endless. */
const LOT = 250;

const FIN_RSV1_TEXT = 0xc1;
/** RFC 7692 7.2.1: the empty block that ends each message, and is not sent. */
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);

const compressible = Buffer.from(
  Array.from({ length: 256 }, (_, i) => `${i * 7919}`.padStart(7).concat(" ")).join(""),
);
const { measure, request } = websocket("text");
const plainHandshake: Exchange = { ...handshake(), responses: 1 };

const deflateHandshake: Exchange = {
  ...plainHandshake,
  request: Buffer.from(
    `${plainHandshake.request}`.replace(
      /\r\n\r\n$/,
      "\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n",
    ),
  ),
  isRight: (response, index) =>
    plainHandshake.isRight(response, index) &&
    response.includes("Sec-WebSocket-Extensions: permessage-deflate"),
};

const compressed: Exchange = {
  request: compress(compressible),
  responses: 1,
  measure,
  // The header of a frame of 126 bytes or more.
  isRight: (response) => response[0] === FIN_RSV1_TEXT && inflate(response.subarray(4)).equals(compressible),
};

const small = Buffer.alloc(64, "hello; ");
const rawOnce: Exchange = {
  request: small,
  responses: 1,
  measure: raw(small.length).measure,
  isRight: (response) => response.equals(small),
};
const httpOnce: Exchange = {
  request: httpGet.request(small),
  responses: 1,
  measure: httpGet.measure,
  isRight: (response) => httpGet.isRight(response, small),
};

const visits = {
  /** One message, so that whoever accepts lazily has accepted. */
  raw: [rawOnce],
  websocket: [plainHandshake],
  /** One message of 2 KiB there and back, compressed. */
  websocketDeflate: [deflateHandshake, compressed],
  http: [httpOnce],
};

answer({
  async come(port: number, visit: Visit, count: number) {
    for (let i = 0; i < count; i += LOT) {
      await Promise.all(Array.from({ length: Math.min(LOT, count - i) }, () => come(port, visits[visit])));
    }
  },
});

async function come(port: number, exchanges: readonly Exchange[]): Promise<void> {
  const connection = new LoadConnection(port);
  for (const exchange of exchanges) await connection.exchange(exchange);
}

function compress(payload: Buffer): Buffer {
  const deflated = deflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH });
  const frame = request(deflated.subarray(0, -TAIL.length));
  frame[0] = FIN_RSV1_TEXT;
  return frame;
}

function inflate(payload: Buffer): Buffer {
  return inflateRawSync(Buffer.concat([payload, TAIL]), { finishFlush: constants.Z_SYNC_FLUSH });
}
