import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type Server } from "@sock/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  binaryTransfer,
  encodeUpload as encodeBinary,
  type Upload,
} from "../examples/protocols/binary-transfer.ts";
import { encodeUpload as encodeText, textTransfer } from "../examples/protocols/text-transfer.ts";
import { uploadServer } from "../examples/protocols/upload-server.ts";
import { uploader } from "./uploader.ts";

describe.each([
  ["binary", binaryTransfer(), encodeBinary],
  ["text", textTransfer(), encodeText],
] as const)("the %s upload server", (_, codec, encode) => {
  const above = mkdtempSync(join(tmpdir(), "sock-upload-"));
  const folder = mkdtempSync(join(above, "files-"));
  let server: Server<Upload, string>;

  beforeAll(async () => {
    server = await uploadServer("tcp://127.0.0.1:0", codec, folder);
  });
  afterAll(async () => {
    await server.close();
    rmSync(above, { recursive: true });
  });

  async function upload(...files: { name: string; file: Uint8Array }[]): Promise<string[]> {
    const answers: string[] = [];
    await using client = await connect(server.address, { codec: uploader(encode) });
    for (const file of files) client.send(file);
    for await (const answer of client) if (answers.push(answer) === files.length) break;
    return answers;
  }

  test("keeps a file and says where", async () => {
    const file = Buffer.from("GIF89a\0\r\n\xff", "latin1");
    expect(await upload({ name: "dot.gif", file })).toEqual([
      `upload success. save path ${join(folder, "dot.gif")}`,
    ]);
    expect(readFileSync(join(folder, "dot.gif"))).toEqual(file);
  });

  test("keeps two files that came as one chunk", async () => {
    const files = ["naïve name.txt", "日本"].map((name) => ({ name, file: Buffer.from(name) }));
    expect(await upload(...files)).toHaveLength(2);
    for (const { name, file } of files) expect(readFileSync(join(folder, name))).toEqual(file);
  });

  test.each(["../out", "..", ".", "", "/etc/out", "..\\out", "C:out", "a/b", "a\0b", ".hidden", "a\nb"])(
    "a name does not leave the folder: %j",
    async (name) => {
      const before = readdirSync(above, { recursive: true });
      expect(await upload({ name, file: Buffer.from("x") })).toEqual([
        "upload failed. a name is letters, digits, spaces and . _ -",
      ]);
      expect(readdirSync(above, { recursive: true })).toEqual(before);
    },
  );

  test("a file is not replaced, and a link is not followed", async () => {
    writeFileSync(join(folder, "mine"), "mine");
    symlinkSync(join(above, "elsewhere"), join(folder, "link"));
    const file = Buffer.from("theirs");
    expect(await upload({ name: "mine", file }, { name: "link", file })).toEqual([
      "upload failed. EEXIST",
      "upload failed. EEXIST",
    ]);
    expect(readFileSync(join(folder, "mine"), "utf8")).toBe("mine");
    expect(readdirSync(above)).not.toContain("elsewhere");
  });
});
