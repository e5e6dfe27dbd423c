import type { Protocol } from "../protocol.ts";

/** Requests with the fields that a small client sends; the answer is a text: the path that was asked for. */
export const http: Protocol = {
  request: (payload) =>
    Buffer.from(
      `GET ${pathOf(payload)} HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: load/1.0\r\n` +
        "Accept: */*\r\nAccept-Encoding: gzip, deflate\r\n\r\n",
    ),

  measure(received) {
    const end = received.indexOf("\r\n\r\n");
    if (end === -1) return 0;
    const length =
      end + 4 + Number(/^content-length: (\d+)\r$/im.exec(received.toString("latin1", 0, end + 2))?.[1]);
    return received.length < length ? 0 : length;
  },

  isRight: (response, payload) => {
    const text = response.toString("latin1");
    return text.startsWith("HTTP/1.1 200 OK\r\n") && text.endsWith(`\r\n\r\n${pathOf(payload)}`);
  },
};

function pathOf(payload: Buffer): string {
  return `/${payload.toString("latin1", 1).replaceAll(/[ ;]/g, "-")}`;
}
