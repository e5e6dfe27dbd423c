import { setImmediate as turn } from "node:timers/promises";
import { type Farewell, ProtocolError } from "@sock/codec";
import { describe, expect, test } from "vitest";
import type { HttpAnswer, HttpRequest, IncomingBody } from "../../src/index.ts";
import { Served } from "../server.ts";
import { corpus, tokens } from "./corpus.ts";
import { Chance, mutated } from "./mutate.ts";

// Whatever comes, in whatever pieces: requests, answers or a ProtocolError, the same for the same bytes; answers that a
// strict client can read, and never two for one request. (A rejection that nobody handles fails the run by itself.)
// Longer: SOCK_FUZZ_SECONDS=600. The same again: SOCK_FUZZ_SEED=… as a failure tells it.

const seconds = Number(process.env.SOCK_FUZZ_SECONDS ?? 3);
const given = process.env.SOCK_FUZZ_SEED;

type AnyServed = Served<Buffer | IncomingBody>;

interface Target {
  name: string;
  serve(): AnyServed;
}

/** Most that can go wrong stands in a head, and those are short. */
const reaches = [64, 300, 100_000];

const limits = {
  maxBodySize: 2000,
  maxHeadSize: 1000,
  maxTargetSize: 200,
  maxHeadFields: 20,
  maxUnreadBody: 100,
};

const targets: Target[] = [
  { name: "bodies whole", serve: () => handled(new Served(limits), (request) => answerFor(request, "")) },
  {
    name: "bodies as they come, read to their end",
    serve: () =>
      handled(new Served({ ...limits, body: "stream" }), async (request) =>
        answerFor(request, await (request.body as IncomingBody).text()),
      ),
  },
  {
    name: "answered before they come",
    serve: () => handled(new Served({ ...limits, body: "stream" }), (request) => answerFor(request, "")),
  },
  {
    name: "echoed as they come",
    serve: () =>
      handled(new Served({ ...limits, body: "stream" }), ({ body }) => ({ body: body as IncomingBody })),
  },
];

describe.each(targets)("$name", (target) => {
  test("nothing comes of it but what may", { timeout: (seconds + 60) * 1000 }, async () => {
    const deadline = performance.now() + (seconds * 1000) / targets.length;
    let seed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);
    do {
      try {
        await tryOne(target, seed);
      } catch (error) {
        throw new Error(`SOCK_FUZZ_SEED=${seed}`, { cause: error });
      }
      seed++;
    } while (given === undefined && performance.now() < deadline);
  });
});

async function tryOne(target: Target, seed: number): Promise<void> {
  const chance = new Chance(seed);
  const stream = mutated({ corpus, tokens, reaches }, chance);
  const whole = await run(target, [stream]);
  const size = 1 + chance.below(chance.oneOf([1, 10, 1000]));
  expect(
    await run(target, chunksOf(stream, size)),
    `in pieces of ${size}: ${JSON.stringify(stream.toString("latin1"))}`,
  ).toEqual(whole);
  await run(target, chunksOf(stream, size), chance);
}

/** What comes of a stream. With `chance`, our side sends, closes or hears of the end meanwhile. */
async function run(target: Target, chunks: Buffer[], chance?: Chance): Promise<unknown> {
  const served = target.serve();
  for (const chunk of chunks) {
    served.receive(chunk);
    if (chance?.below(10) === 0) await interfere(served, chance);
    expect(served.framed.codec.retained ?? 0).toBeLessThan(2 * limits.maxBodySize + 70_000);
  }
  await quiet(served);
  const finals = check(served);
  served.finish();
  await quiet(served);
  check(served);
  served.framed.closed();
  await quiet(served);
  const requests = await Promise.all(
    served.requests.map(async ({ method, target, headers, body, trailers }) => ({
      method,
      target,
      headers: [...headers],
      body: Buffer.isBuffer(body) ? body.toString("latin1") : body.hasEnded,
      trailers: trailers && [...trailers],
    })),
  );
  return { requests, finals, code: served.code, isEnded: served.isEnded };
}

/** The statuses and bodies of the final answers. */
function check(served: AnyServed): unknown[] {
  const { error, requests } = served;
  if (error !== undefined && !ProtocolError.is(error)) {
    // An echo of a body that breaks off breaks too, with its error.
    if ((error as { code?: string }).code !== "ABORTED") throw error;
  }
  for (const error of served.unsendable) expect(error).toBeInstanceOf(TypeError);
  const answers = served.answers(...requests.map(({ method }) => method));
  const finals = answers.filter(({ status }) => status >= 200);
  // One for each that was delivered, and one for what could not be.
  expect(finals.length).toBeLessThanOrEqual(requests.length + 1);
  for (const [nth, { isComplete }] of finals.entries()) {
    if (!isComplete) expect([nth, served.isOver || !served.isIdle]).toEqual([finals.length - 1, true]);
  }
  return finals.map(({ status, body }) => [status, body]);
}

async function interfere(served: AnyServed, chance: Chance): Promise<void> {
  const farewells: Farewell[] = [
    { why: "close" },
    { why: "stop" },
    { why: "drain" },
    { why: "deadline", phase: "body" },
    { why: "fault", error: new Error() },
  ];
  switch (chance.below(6)) {
    case 0:
      if (served.error === undefined) served.farewell(chance.oneOf(farewells));
      break;
    case 1:
      served.finish();
      break;
    case 2:
      try {
        served.send(chance.oneOf<HttpAnswer>(["out of turn", { status: 103 }, { body: pieces("a") }]));
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError);
      }
      break;
    case 3: {
      const body = served.requests.at(-1)?.body;
      if (body !== undefined && !Buffer.isBuffer(body) && body.isTaken) body.abandon();
      break;
    }
    default:
      await turn();
  }
}

function handled(
  served: Served<never>,
  answer: (request: HttpRequest<Buffer | IncomingBody>) => HttpAnswer | Promise<HttpAnswer>,
): AnyServed {
  const any = served as unknown as AnyServed;
  any.onRequest = (request) => {
    const send = (answer: HttpAnswer) => {
      try {
        any.send(answer);
      } catch (error) {
        // Answered out of turn, or body read by another.
        if (!(error instanceof TypeError)) throw error;
      }
    };
    const made = answer(request);
    if (!(made instanceof Promise)) return send(made);
    // The body broke off, and so has the connection.
    return made.then(send, () => undefined);
  };
  return any;
}

/** One of some kinds of answers, always the same to the same request. */
function answerFor({ method, target, headers }: HttpRequest<unknown>, body: string): HttpAnswer {
  switch ((method.length + target.length + headers.size) % 5) {
    case 0:
      return { status: 404, headers: { Connection: "close" }, body };
    case 1:
      return { body: pieces(method, body), trailers: { A: "b" } };
    case 2:
      return { status: 204 };
    case 3:
      return Buffer.from(body);
    default:
      return `${target.length} ${body}`;
  }
}

async function* pieces(...parts: string[]): AsyncGenerator<string> {
  yield* parts;
}

async function quiet(served: AnyServed): Promise<void> {
  for (let still = 0, seen = -1; still < 3; ) {
    await turn();
    const now = served.sent.length + served.requests.length;
    still = now === seen ? still + 1 : 0;
    seen = now;
  }
}

function chunksOf(stream: Buffer, size: number): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < stream.length; at += size) chunks.push(stream.subarray(at, at + size));
  return chunks;
}
