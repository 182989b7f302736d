// The guest of the scenarios in TypeScript: a workflow that runs programs, and the activities that they use. See
// tests/scenarios/README.md.
import { begun } from './begun.ts';
import { Frame } from './program.ts';
import type { Fields } from './value.ts';

export * as activities from './activities.ts';
export { dataConverter } from './converter.ts';

/** What a run is started with. */
interface Story {
  program: Fields[];
  input?: Fields;
}

/** Runs a program. */
export async function Scenario({ program, input = {} }: Story): Promise<unknown> {
  const ended = await begun(Frame.of(program, input).run(program));
  return ended ? ended.value : null;
}
