/** How the load speaks to a server: bytes, made once. Afterwards it only counts what comes back. */
export interface Protocol {
  /** Absent: requests may be sent at once. */
  readonly handshake?: Handshake;

  /** The bytes that ask for `payload` back, which is printable ASCII. */
  request(payload: Buffer): Buffer;

  /** Length of the response at the start of `received`, or 0 while it has not all come. */
  measure(received: Buffer): number;

  /** Whether `response` is the answer to the request with `payload`. */
  isRight(response: Buffer, payload: Buffer): boolean;
}

/** What opens a connection. */
export interface Handshake {
  readonly request: Buffer;
  /** Length of the answer at the start of `received`, or 0 while it has not all come. */
  measure(received: Buffer): number;
  isRight(answer: Buffer): boolean;
}
