/** An answer as a client reads it that is as strict as can be. */
export interface Answered {
  readonly version: string;
  readonly status: number;
  readonly reason: string;
  readonly fields: [name: string, value: string][];
  readonly body: string;
  readonly trailers: [name: string, value: string][];
  /** False: the bytes end before it does. */
  readonly isComplete: boolean;
}

const STATUS_LINE = /^HTTP\/(1\.1) ([1-9]\d\d) ([\t -~\x80-\xff]*)$/;
const FIELD = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ([\t -~\x80-\xff]*)$/;

/**
 * Reads answers to requests of `methods`; of those beyond, as if to GET.
 * @param hasEnded the connection has, behind these bytes
 * @throws Error for bytes that are no answers: each test that reads is a test of the format
 */
export function readAnswers(bytes: Buffer, methods: readonly string[] = [], hasEnded = true): Answered[] {
  const answers: Answered[] = [];
  let nth = 0;
  for (let at = 0; at < bytes.length; ) {
    const { answer, end } = readOne(bytes, at, methods[nth] ?? "GET", hasEnded);
    answers.push(answer);
    if (answer.status >= 200 || answer.status === 101) nth++;
    at = end;
  }
  return answers;
}

/** The value of a field that may stand once. */
export function field({ fields }: Answered, name: string): string | undefined {
  const values = fields.filter(([one]) => one.toLowerCase() === name);
  if (values.length > 1) throw new Error(`${values.length} fields named ${name}`);
  return values[0]?.[1];
}

function readOne(
  bytes: Buffer,
  start: number,
  method: string,
  hasEnded: boolean,
): { answer: Answered; end: number } {
  const headEnd = bytes.indexOf("\r\n\r\n", start);
  if (headEnd === -1) throw new Error(`no whole head: ${JSON.stringify(bytes.toString("latin1", start))}`);
  const [first = "", ...lines] = bytes.toString("latin1", start, headEnd).split("\r\n");
  const [, version, code, reason] = STATUS_LINE.exec(first) ?? [];
  if (version === undefined || reason === undefined)
    throw new Error(`no status line: ${JSON.stringify(first)}`);
  const head = { version, status: Number(code), reason, fields: lines.map(readField) };
  const from = headEnd + 4;
  const answer: Answered = { ...head, body: "", trailers: [], isComplete: true };

  const codings = field(answer, "transfer-encoding");
  const length = field(answer, "content-length");
  if (codings !== undefined && length !== undefined) throw new Error("two lengths");
  if (head.status < 200 || head.status === 204 || (method === "CONNECT" && head.status < 300)) {
    if (codings !== undefined || length !== undefined) throw new Error(`a length in a ${head.status}`);
    return { answer, end: from };
  }
  if (method === "HEAD" || head.status === 304) return { answer, end: from };
  if (codings !== undefined) {
    if (codings !== "chunked") throw new Error(`Transfer-Encoding: ${codings}`);
    return readChunks(bytes, from, answer);
  }
  if (length === undefined) {
    return {
      answer: { ...answer, body: bytes.toString("latin1", from), isComplete: hasEnded },
      end: bytes.length,
    };
  }
  if (!/^\d+$/.test(length)) throw new Error(`Content-Length: ${length}`);
  const end = from + Number(length);
  const body = bytes.toString("latin1", from, Math.min(end, bytes.length));
  return { answer: { ...answer, body, isComplete: end <= bytes.length }, end };
}

function readChunks(bytes: Buffer, start: number, head: Answered): { answer: Answered; end: number } {
  let body = "";
  for (let at = start; ; ) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd === -1) return { answer: { ...head, body, isComplete: false }, end: bytes.length };
    const size = bytes.toString("latin1", at, lineEnd);
    if (!/^[0-9a-f]+$/.test(size)) throw new Error(`a chunk of ${JSON.stringify(size)}`);
    const from = lineEnd + 2;
    const end = from + Number.parseInt(size, 16);
    if (end === from) return readTrailers(bytes, from, { ...head, body });
    body += bytes.toString("latin1", from, Math.min(end, bytes.length));
    if (end + 2 > bytes.length) return { answer: { ...head, body, isComplete: false }, end: bytes.length };
    if (bytes.toString("latin1", end, end + 2) !== "\r\n") throw new Error("a chunk without an end");
    at = end + 2;
  }
}

function readTrailers(bytes: Buffer, start: number, head: Answered): { answer: Answered; end: number } {
  if (bytes.toString("latin1", start, start + 2) === "\r\n") return { answer: head, end: start + 2 };
  const end = bytes.indexOf("\r\n\r\n", start);
  if (end === -1) return { answer: { ...head, isComplete: false }, end: bytes.length };
  const trailers = bytes.toString("latin1", start, end).split("\r\n").map(readField);
  return { answer: { ...head, trailers }, end: end + 4 };
}

function readField(line: string): [string, string] {
  const [, name, value] = FIELD.exec(line) ?? [];
  if (name === undefined || value === undefined) throw new Error(`no field: ${JSON.stringify(line)}`);
  return [name, value];
}
