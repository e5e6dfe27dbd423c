import type { HeadKind } from "./head-parser.ts";

/** The fields behind a chunked body, as `kind` would have those of its heads: without a first line. */
export function trailersOf(kind: HeadKind<unknown>): HeadKind<unknown> {
  return { make: (_text, _start, _end, fields) => ({ fields }), fail: kind.fail };
}
