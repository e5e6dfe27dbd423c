/** How permessage-deflate (RFC 7692) is offered or accepted, and used. */
export interface DeflateOptions {
  /** Messages below this size are sent as they are: they would hardly shrink. Default 1024, as `ws` has it. */
  readonly threshold?: number | undefined;

  /**
   * Whether what we send may refer to messages before it. Better compression, for a window of plain text kept for each
   * connection: 32 KiB, or what the window bits say. Default false.
   */
  readonly sendTakeover?: boolean | undefined;

  /** The same, of what the peer sends. Default false: the peer is told not to. */
  readonly receiveTakeover?: boolean | undefined;

  /** How far back references may go in what we send: 2 to the power of this, 8 to 15. Default 15. */
  readonly sendWindowBits?: number | undefined;

  /** The same, of what the peer sends. Default 15. A server declines clients that cannot be held to less. */
  readonly receiveWindowBits?: number | undefined;

  /** zlib's compression level, 0 to 9. Default: zlib's, 6. */
  readonly level?: number | undefined;

  /** What zlib may use while it compresses, 1 to 9. Default: zlib's, 8. */
  readonly memLevel?: number | undefined;
}

export interface DeflateSettings {
  readonly threshold: number;
  readonly sendTakeover: boolean;
  readonly receiveTakeover: boolean;
  readonly sendWindowBits: number;
  readonly receiveWindowBits: number;
  readonly level: number | undefined;
  readonly memLevel: number | undefined;
}

/**
 * The options with their defaults; `undefined` where deflate is not wanted.
 * @throws RangeError
 */
export function settleDeflate(options: DeflateOptions | boolean | undefined): DeflateSettings | undefined {
  if (options === undefined || options === false) return undefined;
  const given = options === true ? {} : options;
  return {
    threshold: within(given.threshold ?? 1024, "threshold", 0, Number.MAX_SAFE_INTEGER),
    sendTakeover: given.sendTakeover ?? false,
    receiveTakeover: given.receiveTakeover ?? false,
    sendWindowBits: within(given.sendWindowBits ?? 15, "sendWindowBits", 8, 15),
    receiveWindowBits: within(given.receiveWindowBits ?? 15, "receiveWindowBits", 8, 15),
    level: given.level === undefined ? undefined : within(given.level, "level", 0, 9),
    memLevel: given.memLevel === undefined ? undefined : within(given.memLevel, "memLevel", 1, 9),
  };
}

/** `value`, if it is a whole number from `least` to `most`. */
export function within(value: number, name: string, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(`${name} is ${value}, a whole number from ${least} to ${most} is wanted`);
}
