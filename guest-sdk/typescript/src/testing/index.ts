/**
 * Runs workflows natively: with skipped time against activities that a test gives, and through histories of production.
 *
 * @module
 */
import './sandbox.ts';

export { WorkflowTaskFailedError } from './driver.ts';
export {
  TestWorkflowEnvironment,
  type TestWorkflowEnvironmentOptions,
  type WorkflowStartOptions,
} from './environment.ts';
export { WorkflowFailedError, type WorkflowHandle, WorkflowUpdateFailedError } from './handle.ts';
export { MockActivityEnvironment } from './mock-activity.ts';
export { ReplayError } from './replay/error.ts';
export { Replayer, type ReplayerOptions } from './replay/replayer.ts';
export type { Command, LogLine } from './run.ts';
