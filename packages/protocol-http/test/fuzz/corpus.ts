// Requests that are right, or nearly: what mutations start from.

function head(line: string, ...fields: string[]): string {
  return `${line}\r\n${fields.map((one) => `${one}\r\n`).join("")}\r\n`;
}

const CHUNKED = "Transfer-Encoding: chunked";

const requests: string[] = [
  head("GET / HTTP/1.1", "Host: x"),
  head("GET /a?b=c HTTP/1.1", "Host: example.com:80", "Accept: */*", "Cookie: a=b; c=d", "User-Agent: \xe9"),
  head("HEAD /a HTTP/1.1", "Host: x"),
  head("OPTIONS * HTTP/1.1", "Host: x"),
  head("GET http://y/a HTTP/1.1", "Host: x"),
  head("CONNECT y:443 HTTP/1.1", "Host: x"),
  head("GET / HTTP/1.0"),
  head("GET / HTTP/1.0", "Connection: keep-alive"),
  head("GET / HTTP/1.1", "Host: x", "Connection: close"),
  head("GET / HTTP/1.1", "Host: x", "Connection: Upgrade", "Upgrade: websocket"),
  `${head("POST /a HTTP/1.1", "Host: x", "Content-Length: 5")}hello`,
  `${head("PUT /b HTTP/1.1", "Host: x", "Content-Length: 0")}`,
  `${head("POST /c HTTP/1.0", "Content-Length: 5", "Connection: keep-alive")}hello`,
  `${head("POST /d HTTP/1.1", "Host: x", "Content-Length: 5", "Expect: 100-continue")}hello`,
  `${head("POST /e HTTP/1.1", "Host: x", CHUNKED)}5\r\nhello\r\n6;a=b\r\n world\r\n0\r\n\r\n`,
  `${head("POST /f HTTP/1.1", "Host: x", CHUNKED)}1;a="b;\\"c"\r\nx\r\n0\r\nA: b\r\nC: d\r\n\r\n`,
  `${head("POST /g HTTP/1.1", "Host: x", CHUNKED, "Expect: 100-continue")}A\r\n0123456789\r\n00\r\n\r\n`,
  `${head("POST /h HTTP/1.1", "Host: x", CHUNKED)}${"1\r\nx\r\n".repeat(40)}0\r\n\r\n`,
  `\r\n${head("DELETE /i HTTP/1.1", "Host: [::1]", "A: 1", "A: 2", "B:", "C:\t d \t")}`,
  `${head("POST /j HTTP/1.1", "Host: x", "Content-Length: 300")}${"GET / HTTP/1.1\r\nHost: y\r\n\r\n".repeat(11).slice(0, 300)}`,
];

/** Each alone, and all of them one behind the other. */
export const corpus: Buffer[] = [...requests, requests.join(""), requests.toReversed().join("")].map((text) =>
  Buffer.from(text, "latin1"),
);

/** What lies at the edges of rules, to be put in anywhere. */
export const tokens: Buffer[] = [
  ...'\r|\n|\r\n|\r\n\r\n|\n\n|\0| |\t|:|;|,|"|\\|=|\x7f|\x80|\xff|\xa0|\v|#|*|/'.split("|"),
  ..."0|1|5|-1|+5|0x5|5_0|00000000000000005|ffffffffffffffff|10000000000000005|1fffffffffffff".split("|"),
  "0\r\n\r\n",
  "5\r\nhello\r\n",
  "Host: y\r\n",
  "Content-Length: 5\r\n",
  "Content-Length: 6\r\n",
  "Content-Length: 0\r\n",
  "Content-Length: 5, 5\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Transfer-Encoding: gzip, chunked\r\n",
  "Transfer-Encoding : chunked\r\n",
  " Transfer-Encoding: chunked\r\n",
  "Connection: close\r\n",
  "Connection: keep-alive\r\n",
  "Expect: 100-continue\r\n",
  "Expect: x\r\n",
  "HTTP/1.1",
  "HTTP/1.0",
  "HTTP/2.0",
  "HEAD",
  "CONNECT",
  "__proto__: 1\r\n",
  "GET /next HTTP/1.1\r\nHost: x\r\n\r\n",
].map((text) => Buffer.from(text, "latin1"));
