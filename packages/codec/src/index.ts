export { asBuffer, type Bytes, byteLength, isStream, toBuffer } from "./bytes.ts";
export type { Codec, CodecFactory, CodecLink, Farewell, PhaseLimits } from "./codec.ts";
export { DEFAULT_MAX_PACKAGE_SIZE, Framed, type FramedOptions } from "./framed.ts";
export { ProtocolError, type ProtocolErrorOptions } from "./protocol-error.ts";
export { RecvBuffer } from "./recv-buffer.ts";
export type { FramedPhase, FramedSink } from "./sink.ts";
export { soonDropped } from "./soon-dropped.ts";
export type { Via } from "./via.ts";
