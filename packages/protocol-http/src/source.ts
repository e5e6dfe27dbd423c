/** What is taken piece by piece, and can be left at any time. */
export interface Source<Piece> {
  next(): Promise<IteratorResult<Piece, unknown>>;
  /** Nothing more is wanted. What comes of a piece that is awaited does not matter any more. */
  leave(): void;
}

/**
 * Begins to take from `pieces`.
 *
 * The iterators of `ReadableStream`s and `Readable`s put a `return` behind the piece that is awaited. Of a stream of
 * events that may never come: so those are left by their own means. A generator can only be left where it yields.
 *
 * @throws TypeError when somebody takes from it already
 */
export function open<Piece>(pieces: AsyncIterable<Piece>): Source<Piece> {
  if (isReadableStream(pieces)) {
    const reader = pieces.getReader();
    return { next: () => reader.read(), leave: () => forget(() => reader.cancel()) };
  }
  const iterator = pieces[Symbol.asyncIterator]();
  return {
    // What it throws at once is no other error.
    next: async () => iterator.next(),
    leave() {
      forget(() => iterator.return?.());
      if (isReadable(pieces)) pieces.destroy();
    },
  };
}

/** Nobody waits for what comes of it, so nobody can do anything about its error. */
function forget(leave: () => unknown): void {
  void (async () => leave())().catch(() => undefined);
}

interface WebStream<Piece> {
  getReader(): {
    read(): Promise<IteratorResult<Piece, unknown>>;
    cancel(): Promise<void>;
  };
}

function isReadableStream<Piece>(
  pieces: AsyncIterable<Piece>,
): pieces is AsyncIterable<Piece> & WebStream<Piece> {
  return "getReader" in pieces && typeof pieces.getReader === "function";
}

function isReadable(pieces: object): pieces is { destroy(): unknown } {
  return "destroy" in pieces && typeof pieces.destroy === "function";
}
