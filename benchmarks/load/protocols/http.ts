import type { Protocol } from "../protocol.ts";

/** Requests with the fields that a small client sends; the answer is a text: the path that was asked for. */
export const httpGet: Protocol = {
  request: (payload) => Buffer.from(`GET ${pathOf(payload)} HTTP/1.1\r\n${FIELDS}\r\n`),
  measure,
  isRight: (response, payload) => isOk(response) && bodyOf(response).equals(Buffer.from(pathOf(payload))),
};

/** The same with a body, which is the answer's too. */
export const httpPost: Protocol = {
  request: (payload) =>
    Buffer.concat([
      Buffer.from(
        `POST /echo HTTP/1.1\r\n${FIELDS}Content-Type: application/octet-stream\r\n` +
          `Content-Length: ${payload.length}\r\n\r\n`,
      ),
      payload,
    ]),
  measure,
  isRight: (response, payload) => isOk(response) && bodyOf(response).equals(payload),
};

const FIELDS =
  "Host: 127.0.0.1:8080\r\nUser-Agent: load/1.0\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate\r\n";

function measure(received: Buffer): number {
  const end = received.indexOf("\r\n\r\n");
  if (end === -1) return 0;
  const length =
    end + 4 + Number(/^content-length: (\d+)\r$/im.exec(received.toString("latin1", 0, end + 2))?.[1]);
  return received.length < length ? 0 : length;
}

function isOk(response: Buffer): boolean {
  return response.toString("latin1", 0, 17) === "HTTP/1.1 200 OK\r\n";
}

function bodyOf(response: Buffer): Buffer {
  return response.subarray(response.indexOf("\r\n\r\n") + 4);
}

function pathOf(payload: Buffer): string {
  return `/${payload.toString("latin1", 1).replaceAll(/[ ;]/g, "-")}`;
}
