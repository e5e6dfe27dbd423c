/** How the load speaks to a server: bytes, made once. Afterwards it only counts what comes back. */
export interface Protocol {
  /** What opens a connection, step by step. Absent: requests may be sent at once. */
  readonly opening?: readonly Opening[];

  /** The bytes that ask for `payload` back, which is printable ASCII. */
  request(payload: Buffer): Buffer;

  /** Length of the response at the start of `received`, or 0 while it has not all come. */
  measure(received: Buffer): number;

  /** Whether `response` is the answer to the request with `payload`. */
  isRight(response: Buffer, payload: Buffer): boolean;
}

/** A step of what opens a connection. */
export interface Opening {
  readonly request: Buffer;
  /** Length of the answer at the start of `received`, or 0 while it has not all come. */
  measure(received: Buffer): number;
  isRight(answer: Buffer): boolean;
}
