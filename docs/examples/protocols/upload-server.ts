import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CodecFactory } from "@sock/codec";
import { listen, type Server } from "@sock/core";
import { binaryTransfer, type Upload } from "./binary-transfer.ts";
import { textTransfer } from "./text-transfer.ts";

/** Takes files and keeps them in `folder`. The business is one: protocols differ in their codec alone. */
export function uploadServer(
  address: string,
  codec: CodecFactory<Upload, string>,
  folder: string,
): Promise<Server<Upload, string>> {
  return listen(address, {
    codec,
    async onMessage(connection, upload) {
      connection.send(await answer(upload, folder));
    },
  });
}

async function answer(upload: Upload, folder: string): Promise<string> {
  if (!upload.ok) return "upload failed. that was no file with a name";
  try {
    return `upload success. save path ${await saveInto(folder, upload.name, upload.file)}`;
  } catch (error) {
    return `upload failed. ${reasonOf(error)}`;
  }
}

// Letters with their accents, digits, and not a dot first: nothing that leads to another folder or is a hidden file.
const SAFE_NAME = /^[\p{L}\p{N}_-][\p{L}\p{M}\p{N}._ -]*$/u;

/** Answers with the path of the new file. */
export async function saveInto(folder: string, name: string, file: Uint8Array): Promise<string> {
  if (!SAFE_NAME.test(name)) throw new RangeError("a name is letters, digits, spaces and . _ -");
  const path = join(folder, name);
  // "wx": an upload replaces no file, and follows no link that lies in its place.
  await writeFile(path, file, { flag: "wx" });
  return path;
}

/** Node's sentences name the whole path; its codes do not. */
function reasonOf(error: unknown): string {
  if (error instanceof RangeError) return error.message;
  return error instanceof Error && "code" in error ? String(error.code) : "unknown";
}

if (import.meta.main) {
  const [folder = "uploads"] = process.argv.slice(2);
  await mkdir(folder, { recursive: true });
  const binary = await uploadServer("tcp://127.0.0.1:8333", binaryTransfer(), folder);
  const text = await uploadServer("tcp://127.0.0.1:8334", textTransfer(), folder);
  console.log(`takes files into ${folder}: binary at ${binary.address}, text at ${text.address}`);
}
