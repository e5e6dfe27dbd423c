/** What comes from a WebSocket: messages, and at last how it was closed. */
export type Come = string | ArrayBuffer | Blob | { code: number; reason: string; wasClean: boolean };

export interface Dialled {
  readonly socket: WebSocket;
  /** What comes next. */
  next(): Promise<Come>;
}

/**
 * An open WebSocket of Node's or of a browser's, and what comes of it in order. Its source is run in pages as well, so
 * it uses nothing from around it.
 */
export async function dial(url: string, protocols: readonly string[] = []): Promise<Dialled> {
  const socket = new WebSocket(url, [...protocols]);
  socket.binaryType = "arraybuffer";
  const come: Come[] = [];
  const waiting: ((what: Come) => void)[] = [];
  const take = (what: Come) => {
    const waiter = waiting.shift();
    if (waiter) waiter(what);
    else come.push(what);
  };
  socket.onmessage = ({ data }) => take(data);
  socket.onclose = ({ code, reason, wasClean }) => take({ code, reason, wasClean });
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error("the WebSocket did not open"));
  });
  return {
    socket,
    next: () =>
      new Promise((resolve) => {
        const what = come.shift();
        if (what === undefined) waiting.push(resolve);
        else resolve(what);
      }),
  };
}
