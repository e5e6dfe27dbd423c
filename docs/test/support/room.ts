import { Example } from "./example.ts";

export interface OpenRoom extends AsyncDisposable {
  readonly chat: Example;
  /** Where its doors are. */
  readonly page: string;
  readonly web: string;
  readonly lines: string;
  readonly frames: string;
}

/** The chat, in a process of its own: at any ports, or at `first` and the two behind it. */
export async function openRoom(first = 0): Promise<OpenRoom> {
  const chat = new Example("chat", String(first));
  const page = await chat.address();
  const [, host, port, web, frames] = await chat.says(
    /\n {2}nc (\S+) (\d+)\n.* join (ws:\S+)\n.* join (frame:\S+)\n[\s\S]*Ctrl\+C here ends it\.\n$/,
  );
  return {
    chat,
    page,
    web: web!,
    lines: `text://${host}:${port}`,
    frames: frames!,
    [Symbol.asyncDispose]: () => chat[Symbol.asyncDispose](),
  };
}
