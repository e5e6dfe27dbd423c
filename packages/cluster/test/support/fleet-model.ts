import {
  type Fleet,
  type FleetAction,
  type FleetEvent,
  type FleetSettings,
  newFleet,
  nextTick,
} from "../../src/process/fleet.ts";
import { plan } from "../../src/process/plan.ts";

type Happening = FleetEvent extends infer E ? (E extends FleetEvent ? Omit<E, "now"> : never) : never;

/** Sees the fleet before and after an event. */
export type Check = (before: Fleet, after: Fleet, event: FleetEvent, actions: readonly FleetAction[]) => void;

export const someSettings: FleetSettings = {
  workers: [{ name: "web", count: 2, reloadable: true }],
  startTimeout: 10_000,
  drainTimeout: 5_000,
  reloadShare: 0,
};

/** A fleet, with a time of its own and without processes: the test says what they do. */
export class FleetModel {
  fleet: Fleet;
  now = 0;
  /** All that was to be carried out, since it was last read. */
  #actions: FleetAction[] = [];
  forks = 0;
  /** Called after each event with the fleet before it. */
  readonly #check: Check;

  constructor(settings: Partial<FleetSettings> = {}, check: Check = () => {}) {
    this.fleet = newFleet({ ...someSettings, ...settings });
    this.#check = check;
  }

  happens(happening: Happening): readonly FleetAction[] {
    const event = { ...happening, now: this.now } as FleetEvent;
    const before = this.fleet;
    const [after, actions] = plan(before, event);
    this.fleet = after;
    this.forks += actions.filter((action) => action.do === "fork").length;
    this.#actions.push(...actions);
    this.#check(before, after, event, actions);
    return actions;
  }

  /** Time passes, with a tick when one is due. */
  pass(ms: number): void {
    const end = this.now + ms;
    while (nextTick(this.fleet) <= end) {
      this.now = Math.max(this.now, nextTick(this.fleet));
      this.happens({ is: "tick", random: 0.5 });
    }
    this.now = end;
  }

  start(): this {
    this.happens({ is: "start" });
    return this;
  }

  /** Starts, and all are ready. */
  running(): this {
    this.start();
    this.everyone("starting", (process) => this.happens({ is: "ready", process }));
    this.told();
    return this;
  }

  everyone(state: string, does: (process: number) => void): void {
    for (const process of this.keys(state)) does(process);
  }

  keys(state: string): number[] {
    return this.fleet.processes.filter((process) => process.state === state).map(({ key }) => key);
  }

  dies(process: number): readonly FleetAction[] {
    return this.happens({ is: "gone", process, reason: "it exited with code 1", random: 0.5 });
  }

  ready(process: number): readonly FleetAction[] {
    return this.happens({ is: "ready", process });
  }

  /** What was to be carried out since this was last asked, in short. */
  told(): string[] {
    const actions = this.#actions;
    this.#actions = [];
    return actions.map(inShort);
  }
}

export function inShort(action: FleetAction): string {
  switch (action.do) {
    case "fork":
      return `fork ${action.process} as ${action.worker}#${action.id} (${action.cause})`;
    case "drain":
      return `drain ${action.process} in ${action.within} (${action.why})`;
    case "kill":
      return `kill ${action.process}`;
    case "tellReload":
      return `tell ${action.process} of the reload`;
    case "say":
      return `${action.level}: ${action.sentence}`;
    case "reloaded":
      return action.failure === undefined ? "reloaded" : `not reloaded: ${action.failure}`;
    default:
      return action.do;
  }
}
