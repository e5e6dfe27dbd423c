import { DEFAULT_HEAD_LIMITS, type HeadLimits } from "./head/head-parser.ts";

/** What a peer may take, in either role. */
export interface HttpLimits {
  /** Bytes of a head. Over it, a request is answered with 431. Default 16 KiB: Node allows 16, Tomcat 8, nginx 8 a line. */
  readonly maxHeadSize?: number | undefined;

  /** Fields of a head. Over it, a request is answered with 431. Default 100, as Apache and Cowboy have it. */
  readonly maxHeadFields?: number | undefined;

  /**
   * Bytes of a body. Over it, a request is answered with 413. Default 10 MiB for whole bodies, the ancestor's
   * `maxPackageSize`; none for bodies that are read as they come.
   */
  readonly maxBodySize?: number | undefined;

  /** Milliseconds for a head, from its first byte on. Default 10,000: Node gives 60, nginx 60, Apache 20. Late: 408. */
  readonly headTimeout?: number | undefined;

  /**
   * Milliseconds for a body to begin to come, and bytes a second that it must bring then, on average. Default 20,000 and
   * 500, as Apache has them. Late: 408. While nobody reads, no time runs.
   */
  readonly bodyTimeout?: number | undefined;
  readonly minBodyRate?: number | undefined;
}

/** The limits with their defaults. */
export interface SettledLimits {
  readonly head: HeadLimits;
  readonly maxBodySize: number;
  readonly headTimeout: { readonly within: number };
  readonly bodyTimeout: { readonly within: number; readonly bytesPerSecond: number };
}

/** @throws RangeError */
export function settleLimits(
  given: HttpLimits & { readonly maxTargetSize?: number | undefined },
  isStreaming: boolean,
): SettledLimits {
  return {
    head: {
      maxHeadSize: whole(given.maxHeadSize ?? DEFAULT_HEAD_LIMITS.maxHeadSize, "maxHeadSize", 1),
      maxFields: whole(given.maxHeadFields ?? DEFAULT_HEAD_LIMITS.maxFields, "maxHeadFields", 1),
      maxTargetSize: whole(given.maxTargetSize ?? DEFAULT_HEAD_LIMITS.maxTargetSize, "maxTargetSize", 1),
    },
    maxBodySize: whole(given.maxBodySize ?? (isStreaming ? Infinity : 10 * 1024 * 1024), "maxBodySize", 0),
    headTimeout: { within: whole(given.headTimeout ?? 10_000, "headTimeout", 1) },
    bodyTimeout: {
      within: whole(given.bodyTimeout ?? 20_000, "bodyTimeout", 1),
      bytesPerSecond: whole(given.minBodyRate ?? 500, "minBodyRate", 1),
    },
  };
}

/** @throws RangeError when `value` is no whole number of at least `least`; Infinity is one */
export function whole(value: number, name: string, least: number): number {
  if ((Number.isInteger(value) || value === Infinity) && value >= least) return value;
  throw new RangeError(`${name} is a whole number of ${least} or more, not ${value}`);
}
