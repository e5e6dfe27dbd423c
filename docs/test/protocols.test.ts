import { type Bytes, type CodecFactory, type CodecLink, Framed, ProtocolError, toBuffer } from "@sock/codec";
import { type CodecSpec, codecLaws } from "@sock/codec-testkit";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as binary from "../examples/protocols/binary-transfer.ts";
import { jsonInt } from "../examples/protocols/json-int.ts";
import { jsonNl } from "../examples/protocols/json-nl.ts";
import * as textual from "../examples/protocols/text-transfer.ts";
import { xmlProtocol } from "../examples/protocols/xml-protocol.ts";
import { uploader } from "./uploader.ts";

// As JSON has it: it knows no minus zero.
const json = fc.jsonValue({ maxDepth: 2 }).map((value): unknown => JSON.parse(JSON.stringify(value)));
const text = fc.string({ unit: "binary", maxLength: 20 });
const upload = fc.record({ name: text, file: fc.uint8Array({ maxLength: 20 }) });

const notUtf8 = Buffer.of(0x22, 0xff, 0x22);

describe("json-nl", () => {
  test("is JSON, one value a line", () => {
    const hello = { type: "message", content: "hello" };
    expect(written(jsonNl(), hello)).toEqual(Buffer.from('{"type":"message","content":"hello"}\n'));
    expect(read(jsonNl(), '{"type":"message","content":"hello"}\n')).toEqual([{ ok: true, value: hello }]);
    expect(read(jsonNl(), "1\r\n null \n")).toEqual([
      { ok: true, value: 1 },
      { ok: true, value: null },
    ]);
  });

  test("hands what is not JSON to the handler, and reads on", () => {
    expect(read(jsonNl(), ["{oops\n\n", notUtf8, "\n1\n"])).toEqual([
      { ok: false, error: expect.any(SyntaxError) },
      { ok: false, error: expect.any(SyntaxError) },
      { ok: false, error: expect.any(TypeError) },
      { ok: true, value: 1 },
    ]);
  });

  laws({ codec: jsonNl(), message: json, expect: (value) => ({ ok: true, value }) });
});

describe("json-int", () => {
  test("is a length in four bytes, and JSON", () => {
    expect(written(jsonInt(), ["é"])).toEqual(Buffer.from('\0\0\0\x0a["é"]'));
    expect(read(jsonInt(), '\0\0\0\x0a["é"]\0\0\0\x051')).toEqual([
      { ok: true, value: ["é"] },
      { ok: true, value: 1 },
    ]);
  });

  test("hands what is not JSON to the handler, and reads on", () => {
    expect(read(jsonInt(), ["\0\0\0\x04\0\0\0\x07", notUtf8, "\0\0\0\x051"])).toEqual([
      { ok: false, error: expect.any(SyntaxError) },
      { ok: false, error: expect.any(TypeError) },
      { ok: true, value: 1 },
    ]);
  });

  test.each([0, 1, 2, 3])("refuses the length %i", (length) => {
    expect(read(jsonInt(), Buffer.of(0, 0, 0, length))).toEqual(["JSON_LENGTH"]);
  });

  laws({ codec: jsonInt(), message: json, expect: (value) => ({ ok: true, value }) });
});

test.each([undefined, () => {}, Symbol("no"), 1n])("JSON has no word for %s", (value) => {
  expect(() => written(jsonNl(), value)).toThrow(TypeError);
  expect(() => written(jsonInt(), value)).toThrow(TypeError);
});

describe("xml-protocol", () => {
  const xml = [
    '<?xml version="1.0" encoding="ISO-8859-1"?>',
    "<request>",
    "<module>user</module>",
    "<action>getInfo</action>",
    "</request>",
  ].join("\n");

  test("is ten digits, the length of it all, and XML", () => {
    expect(written(xmlProtocol(), xml)).toEqual(Buffer.from(`0000000121${xml}`));
    expect(read(xmlProtocol(), `0000000121${xml}0000000010`)).toEqual([xml, ""]);
    expect(read(xmlProtocol(), "0000000015<é/>0000000014<e/>")).toEqual(["<é/>", "<e/>"]);
  });

  test.each([
    "<?xml vers",
    "0x00000020",
    "       121",
    "+000000121",
    "1e00000001",
    "000000012.",
    "0000000009",
    "00000\n0121",
  ])("refuses the length %j", (digits) => {
    expect(read(xmlProtocol(), `${digits}<e/>`)).toEqual(["XML_LENGTH"]);
  });

  test("refuses what is not UTF-8, either way", () => {
    expect(read(xmlProtocol(), ["0000000013", notUtf8])).toEqual(["XML_UTF8"]);
    expect(() => written(xmlProtocol(), "\ud83d")).toThrow(TypeError);
  });

  laws({ codec: xmlProtocol(), message: text });
});

describe("binary-transfer", () => {
  const frame = Buffer.from("\0\0\0\x0d\x05a.txthi!");

  test("is two lengths, a name, and a file", () => {
    expect(toBuffer(binary.encodeUpload("a.txt", Buffer.from("hi!")))).toEqual(frame);
    const file = { ok: true, name: "a.txt", file: Buffer.from("hi!") };
    expect(read(binary.binaryTransfer(), [frame, frame])).toEqual([file, file]);
  });

  test("has no room for a name longer than 255 bytes, nor than its frame", () => {
    expect(() => binary.encodeUpload("é".repeat(128), Buffer.alloc(0))).toThrow(TypeError);
    expect(read(binary.binaryTransfer(), "\0\0\0\x09\x05a.txt")).toEqual(["UPLOAD_LENGTH"]);
    expect(read(binary.binaryTransfer(), "\0\0\0\x04\0")).toEqual(["UPLOAD_LENGTH"]);
  });

  test("hands on that a name is not UTF-8, and reads on", () => {
    expect(read(binary.binaryTransfer(), ["\0\0\0\x08\x03", notUtf8, frame])).toEqual([
      { ok: false, error: expect.any(TypeError) },
      { ok: true, name: "a.txt", file: Buffer.from("hi!") },
    ]);
  });

  laws({
    codec: binary.binaryTransfer(),
    peer: uploader(binary.encodeUpload),
    message: upload,
    expect: (upload) => ({ ok: true, ...upload }),
  });
});

describe("text-transfer", () => {
  const line = '{"file_name":"a.txt","file_data":"aGkh"}\n';

  test("is JSON with the file in Base64, one a line", () => {
    expect(textual.encodeUpload("a.txt", Buffer.from("hi!"))).toBe(line);
    const file = { ok: true, name: "a.txt", file: Buffer.from("hi!") };
    expect(read(textual.textTransfer(), line + line)).toEqual([file, file]);
  });

  test.each([
    "",
    "[]",
    "null",
    '{"file_name":"a"}',
    '{"file_name":["a"],"file_data":""}',
    '{"file_name":"\\ud83d","file_data":""}',
    '{"file_name":"a","file_data":"aGk"}',
    '{"file_name":"a","file_data":"aG kh"}',
    '{"file_name":"a","file_data":"aGl="}',
  ])("hands on that this is no file, and reads on: %s", (wrong) => {
    expect(read(textual.textTransfer(), `${wrong}\n${line}`)).toEqual([
      { ok: false, error: expect.any(Error) },
      { ok: true, name: "a.txt", file: Buffer.from("hi!") },
    ]);
  });

  laws({
    codec: textual.textTransfer(),
    peer: uploader(textual.encodeUpload),
    message: upload,
    expect: (upload) => ({ ok: true, ...upload }),
  });
});

test.each([binary.binaryTransfer(), textual.textTransfer()])("an answer to a file is one line", (codec) => {
  expect(written(codec, "upload success.")).toEqual(Buffer.from("upload success.\n"));
  expect(() => written(codec, "two\nlines")).toThrow(TypeError);
});

/** What comes of a whole stream: messages, then the code of the error that ended it, if one did. */
function read<In>(codec: CodecFactory<In, never>, stream: Bytes): unknown[] {
  const come: unknown[] = [];
  const framed = new Framed<In, never>(codec, {
    message: (message) => void come.push(message),
    write: () => {},
    failed: (error) => come.push(ProtocolError.is(error) ? error.code : error),
  });
  framed.start();
  framed.receive(toBuffer(stream));
  framed.finish();
  return come;
}

function written<Out>(codec: CodecFactory<unknown, Out>, message: Out): Buffer {
  // None of these asks anything of its link.
  return toBuffer(codec({} as CodecLink).encode(message) as Bytes);
}

function laws<In, Out, Message, Sent>(spec: CodecSpec<In, Out, Message, Sent>): void {
  for (const { name, run } of codecLaws(spec)) test(name, run);
}
