// Runs where only the packed packages are installed, on every Node that they support.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { ProtocolError } from "@sock/codec";

const required = createRequire(import.meta.url)("@sock/codec");

assert(ProtocolError.is(new required.ProtocolError("FRAME_LENGTH", "length -1")));
assert(!ProtocolError.is(new Error("length -1")));
