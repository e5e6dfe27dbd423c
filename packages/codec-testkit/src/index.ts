export { type CodecLaw, codecLaws } from "./codec-laws.ts";
export { Endpoint, type EndpointOptions } from "./endpoint.ts";
export type { Happening } from "./happening.ts";
export type { CodecFacts, CodecSpec, LawName } from "./spec.ts";
export { type AnyEndpoint, Wire, type WireOptions } from "./wire.ts";
