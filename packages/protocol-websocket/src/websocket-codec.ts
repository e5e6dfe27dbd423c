import { asBuffer, type Bytes, type Codec, type CodecLink, type Farewell, ProtocolError } from "@sock/codec";
import { CLOSE_CODES, isCloseCode } from "./close-codes.ts";
import type { Deflate } from "./deflate.ts";
import { Fragments } from "./fragments.ts";
import {
  BINARY,
  CLOSE,
  CONTINUATION,
  FIN,
  type Fault,
  faultOf,
  headerLength,
  headerLengthFor,
  MAX_CONTROL,
  MAX_HEADER,
  OPCODE,
  PING,
  payloadLength,
  RSV1,
  TEXT,
  writeHeader,
} from "./header.ts";
import type { SettledLimits } from "./limits.ts";
import { mask } from "./mask.ts";
import { type MaskSource, randomMask } from "./mask-source.ts";
import type { WebSocketMessage, WebSocketMessageOut } from "./messages.ts";
import type { FrameNote } from "./notes.ts";
import { CLOSING, type ClosingEvent, type ClosingState } from "./state.ts";
import { textOf } from "./utf8.ts";

export interface FrameOptions {
  /** Frames come masked and go unmasked. The other way round for a client. */
  readonly isServer: boolean;
  readonly limits: SettledLimits;
  readonly deflate?: Deflate | undefined;
  readonly maskSource?: MaskSource | undefined;
}

/**
 * Up to this size a payload is copied behind its header; above it, the two go out as they are. Measured crossing of
 * joining against writing two pieces (Node 26).
 */
const JOINED = 2048;
const NOTHING = "";
const FINAL_TEXT = FIN | TEXT;
const FINAL_BINARY = FIN | BINARY;
/** A Close frame has two bytes of code before its reason. */
const MAX_REASON = MAX_CONTROL - 2;

/** The frames of an open WebSocket, RFC 6455 5 to 8. */
export class WebSocketCodec implements Codec<WebSocketMessage, WebSocketMessageOut> {
  readonly #link: CodecLink<FrameNote>;
  readonly #isServer: boolean;
  readonly #limits: SettledLimits;
  readonly #deflate: Deflate | undefined;
  readonly #maskSource: MaskSource;
  #state: ClosingState = "open";
  /** The message that comes in fragments, while one does. */
  #fragments: Fragments | undefined;

  constructor(link: CodecLink<never>, { isServer, limits, deflate, maskSource }: FrameOptions) {
    this.#link = link;
  }
}
