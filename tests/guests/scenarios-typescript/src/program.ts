// Programs: lists of steps, and where they run.
import type { CancellationScope, ChildWorkflowHandle, Saga, SignalStream } from '@wrt/sdk/workflow';
import type { Flow, Steps } from './begun.ts';
import { evaluate, holds, type Fields } from './value.ts';
import { verbs } from './verbs.ts';

/** What all steps of a run share. */
interface State {
  readonly program: Fields[];
  readonly variables: Map<string, unknown>;
  readonly scopes: Map<string, CancellationScope>;
  readonly children: Map<string, ChildWorkflowHandle<any>>;
  readonly streams: Map<string, SignalStream<any[]>>;
}

/** What steps know that others do not. */
interface Place {
  /** Variables of their own. */
  readonly names: Fields;
  /** What `rethrow` throws. */
  readonly caught?: unknown;
  /** What `compensate` adds to. */
  readonly saga?: Saga;
}

/** A step, and what it is done with: `of` is the value of the field that names it. */
export type Verb = (frame: Frame, of: any, step: Fields) => Steps<Flow | void>;

/** Where a list of steps runs. */
export class Frame {
  readonly state: State;
  readonly place: Place;

  constructor(state: State, place: Place = { names: {} }) {
    this.state = state;
    this.place = place;
  }

  static of(program: Fields[], input: Fields): Frame {
    const variables = new Map(Object.entries(input));
    return new Frame({ program, variables, scopes: new Map(), children: new Map(), streams: new Map() });
  }

  /** The same, with variables that only its steps know. */
  with(names: Fields, place: Partial<Place> = {}): Frame {
    return new Frame(this.state, { ...this.place, ...place, names: { ...this.place.names, ...names } });
  }

  /** Runs the steps one after the other. */
  *run(steps: Fields[] = []): Steps {
    for (const step of steps) {
      // `signal` comes last, since it is a field of other steps, too.
      const name = Object.keys(step).find((name) => name !== 'signal' && name in verbs) ?? 'signal';
      if (!(name in step)) throw new Error(`there is no step ${JSON.stringify(step)}`);
      const ended = yield* verbs[name]!(this, step[name], step);
      if (ended) return ended;
    }
    return undefined;
  }

  variable = (name: string): unknown => {
    return (Object.hasOwn(this.place.names, name) ? this.place.names[name] : this.state.variables.get(name)) ?? null;
  };
  value = (written: unknown): any => evaluate(written, this.variable);
  holds = (condition: Fields): boolean => holds(condition, this.variable);

  set(name: string, value: unknown): void {
    this.state.variables.set(name, value ?? null);
  }

  /** Keeps the outcome of a step, if the step says where. */
  keep({ into }: Fields, outcome: unknown): void {
    if (into !== undefined) this.set(into, outcome);
  }
}
