// A process that measures one codec, as its parent asks: what one left in the heap and in V8's feedback does not reach the
// next. It needs --expose-gc.
import { pathToFileURL } from "node:url";
import { answer } from "../method/child.ts";
import { median } from "../method/statistics.ts";
import { type BuiltinName, builtin } from "./builtin.ts";
import { calibrate } from "./calibrate.ts";
import { type CodecCase, checkCase } from "./codec-case.ts";
import { Conversation } from "./conversation.ts";
import { Loop } from "./loop.ts";
import { StepByStep } from "./steps.ts";

/** Which codec: one of ours with a payload of some bytes, or a module. */
export type Which = { name: BuiltinName; size: number } | { file: string };

/** Of a message; nanoseconds, or bytes that were allocated for it. */
export interface Costs {
  input: number;
  decode: number;
  encode: number;
  whole: number;
  chopped: number;
}

/** What one round found. */
export interface CodecRound {
  time: Costs;
  allocated: Costs;
  /** Nanoseconds for what has nothing to do with codecs: how fast the machine was just then. */
  calibration: number;
}

/** Sweeps of a round in which allocation is counted: it hardly varies. */
const COUNTED = 4;
/** Sweeps that are timed, however long they take. */
const FEWEST = 5;

type Stage = { steps: StepByStep; whole: Loop; chopped: Loop };

let stage: Stage | undefined;

answer({
  /** Answers with the bytes of a frame. */
  async open(which: Which): Promise<number> {
    const what = await load(which);
    const frameLength = new Conversation(what).hear().length;
    stage = {
      steps: new StepByStep(what, frameLength),
      whole: new Loop(what, frameLength, "whole"),
      chopped: new Loop(what, frameLength, "chopped"),
    };
    return frameLength;
  },

  /** Spends `duration` ms on each of three: the verbs by themselves, the loop on whole frames, and on chopped ones. */
  round(duration: number): CodecRound {
    return { calibration: calibrate(), time: timeOf(stage!, duration), allocated: allocatedBy(stage!) };
  },
});

/** Medians: what came between, another process or the garbage collector, is not the codec's, or not this message's. */
function timeOf({ steps, whole, chopped }: Stage, duration: number): Costs {
  const sweeps = repeat(duration, () => steps.sweep(nanoseconds));
  return {
    input: median(sweeps.map(({ input }) => input)),
    decode: median(sweeps.map(({ decode }) => decode)),
    encode: median(sweeps.map(({ encode }) => encode)),
    whole: median(repeat(duration, () => whole.run(nanoseconds))),
    chopped: median(repeat(duration, () => chopped.run(nanoseconds))),
  };
}

/** Bytes a message, the garbage collector kept out: sweeps that it came into are not counted. */
function allocatedBy({ steps, whole, chopped }: Stage): Costs {
  const rounds = Array.from({ length: COUNTED }, () => {
    globalThis.gc!();
    return { ...steps.sweep(allocated), whole: whole.run(allocated), chopped: chopped.run(allocated) };
  });
  const cost = (name: keyof Costs) => meanOf(rounds.map((round) => round[name]));
  return {
    input: cost("input"),
    decode: cost("decode"),
    encode: cost("encode"),
    whole: cost("whole"),
    chopped: cost("chopped"),
  };
}

/** For `duration` ms, and a few times at least. @returns what `once` returned */
function repeat<Value>(duration: number, once: () => Value): Value[] {
  const values: Value[] = [];
  const end = performance.now() + duration;
  while (performance.now() < end || values.length < FEWEST) values.push(once());
  return values;
}

/** Slabs that buffers are cut from come now and then: the mean counts them where the median would not. */
function meanOf(values: number[]): number {
  const counted = values.filter((value) => value >= 0);
  return counted.length === 0 ? Number.NaN : counted.reduce((sum, value) => sum + value, 0) / counted.length;
}

async function load(which: Which): Promise<CodecCase> {
  if ("name" in which) return builtin[which.name](which.size);
  return checkCase(await import(pathToFileURL(which.file).href), which.file);
}

function nanoseconds(): number {
  return performance.now() * 1e6;
}

/** Looking costs some 300 bytes itself, shared out among the messages of a sweep. */
function allocated(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
