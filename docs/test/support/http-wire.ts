import type { Wire } from "./wire.ts";

export interface AnsweredHead {
  readonly status: number;
  /** Names in small letters; of repeated ones the values joined by commas. */
  readonly fields: Record<string, string>;
}

export interface Answered extends AnsweredHead {
  readonly body: string;
}

/** Reads an answer to `method` whose length is told by Content-Length or by chunks, and no byte more. */
export async function answer(wire: Wire, method = "GET"): Promise<Answered> {
  const { status, fields } = await answerHead(wire);
  if (method === "HEAD") return { status, fields, body: "" };
  const isChunked = fields["transfer-encoding"] === "chunked";
  const body = isChunked ? await chunks(wire) : await wire.read(Number(fields["content-length"] ?? 0));
  return { status, fields, body: body.toString() };
}

/** Reads the head of an answer, and no byte more. */
export async function answerHead(wire: Wire): Promise<AnsweredHead> {
  const [, status] = /^HTTP\/1\.1 (\d{3}) /.exec(await wire.readLine()) ?? [];
  const fields: Record<string, string> = {};
  for (;;) {
    const line = (await wire.readLine()).slice(0, -2);
    if (line === "") return { status: Number(status), fields };
    const [, name = "", value = ""] = /^([^:]+): (.*)$/.exec(line) ?? [];
    const key = name.toLowerCase();
    fields[key] = key in fields ? `${fields[key]}, ${value}` : value;
  }
}

async function chunks(wire: Wire): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for (;;) {
    const piece = await chunk(wire);
    if (piece === undefined) return Buffer.concat(pieces);
    pieces.push(piece);
  }
}

/** The next chunk of an answer; `undefined` is the last. */
export async function chunk(wire: Wire): Promise<Buffer | undefined> {
  const size = Number.parseInt(await wire.readLine(), 16);
  const data = await wire.read(size + 2);
  return size === 0 ? undefined : data.subarray(0, size);
}

/** A request for a WebSocket, as RFC 6455 1.2 has it. */
export function webSocketRequest(target = "/", fields = ""): string {
  const lines = [
    `GET ${target} HTTP/1.1`,
    "Host: localhost",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
  ];
  return `${lines.join("\r\n")}\r\n${fields}\r\n`;
}
