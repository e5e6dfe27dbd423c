/**
 * Close codes by their names in RFC 6455 7.4.1 and the IANA registry. 1005 and 1006 are what notes say when there was
 * no code, or no Close frame at all; they never stand on the wire.
 */
export const CLOSE_CODES = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  unsupportedData: 1003,
  noCode: 1005,
  abnormal: 1006,
  invalidData: 1007,
  policyViolation: 1008,
  tooLarge: 1009,
  missingExtension: 1010,
  internalError: 1011,
  serviceRestart: 1012,
  tryAgainLater: 1013,
  badGateway: 1014,
} as const;

const NEVER_ON_THE_WIRE = new Set([1004, 1005, 1006]);

/**
 * Whether a Close frame may carry `code`: what is registered, and 3000 to 4999 for libraries and applications
 * (RFC 6455 7.4.2). 1004 is without a meaning, 1015 is for those who see TLS fail, 1016 to 2999 are not given out.
 */
export function isCloseCode(code: number): boolean {
  if (code >= 3000 && code <= 4999) return Number.isInteger(code);
  return Number.isInteger(code) && code >= 1000 && code <= 1014 && !NEVER_ON_THE_WIRE.has(code);
}
