// What a request costs the codec and the loop around it, without a socket: blocks of 16 requests, each answered at once.
import { type Bytes, byteLength, Framed } from "@sock/codec";
import { type HttpAnswer, type HttpRequest, http } from "@sock/protocol-http";

const request =
  "GET /essage-12--message HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: load/1.0\r\n" +
  "Accept: */*\r\nAccept-Encoding: gzip, deflate\r\n\r\n";
const block = Buffer.from(request.repeat(16));
let written = 0;
const framed: Framed<HttpRequest, HttpAnswer> = new Framed(http(), {
  message: (request: HttpRequest) => framed.send(request.target),
  write: (bytes) => {
    written += byteLength(bytes as Bytes);
  },
  failed: (error) => {
    throw error;
  },
  phase: () => {},
});
framed.start();

const rounds = Number(process.argv[2] ?? 40);
const costs: number[] = [];
for (let round = 0; round < rounds; round++) {
  const before = process.cpuUsage();
  const blocks = 20_000;
  for (let i = 0; i < blocks; i++) framed.receive(Buffer.from(block));
  const { user, system } = process.cpuUsage(before);
  costs.push(((user + system) * 1000) / blocks / 16);
}
costs.sort((a, b) => a - b);
const [least, median] = [costs[0], costs[rounds >> 1]].map((cost) => cost?.toFixed(0));
console.log(`${median} ns of processor time a request, ${least} at best; ${written} bytes written`);
