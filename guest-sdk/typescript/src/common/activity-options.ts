// How activities are run, as workflows say it.
import type { Duration } from './duration.ts';
import type { Priority, RetryPolicy } from './retry-policy.ts';

/** What a call does when its scope is canceled. */
export const ActivityCancellationType = {
  /** Asks the activity to stop and fails at once, without knowing how it ends. */
  TRY_CANCEL: 'TRY_CANCEL',
  /** Asks the activity to stop and waits for how it ends: what it did is then certain. */
  WAIT_CANCELLATION_COMPLETED: 'WAIT_CANCELLATION_COMPLETED',
  /** Fails at once and lets the activity go on. */
  ABANDON: 'ABANDON',
} as const;
export type ActivityCancellationType = (typeof ActivityCancellationType)[keyof typeof ActivityCancellationType];

/** How activities are run. `startToCloseTimeout` or `scheduleToCloseTimeout` has to be set. */
export interface ActivityOptions {
  /** Unique among the open activities of the run. The default is the sequence number. */
  activityId?: string;
  /** The default is the task queue of the workflow. */
  taskQueue?: string;
  /** From scheduling to the end, over all attempts. */
  scheduleToCloseTimeout?: Duration;
  /** The longest wait for a worker. */
  scheduleToStartTimeout?: Duration;
  /** The longest single attempt. */
  startToCloseTimeout?: Duration;
  /** The longest silence between two heartbeats. */
  heartbeatTimeout?: Duration;
  retry?: RetryPolicy;
  cancellationType?: ActivityCancellationType;
  priority?: Priority;
  /** One line for people, shown beside the activity. */
  summary?: string;
  /** Taken and not needed: the server always begins an activity as fast as it can. */
  allowEagerDispatch?: boolean;
  /** Taken and not needed: which version an activity runs on is a matter of its deployment. */
  versioningIntent?: unknown;
}

/** How local activities are run: within the workflow task, for work that is over in a moment. */
export interface LocalActivityOptions {
  activityId?: string;
  /** Never longer than the timeout of workflow tasks, which is the default. */
  scheduleToCloseTimeout?: Duration;
  scheduleToStartTimeout?: Duration;
  startToCloseTimeout?: Duration;
  retry?: RetryPolicy;
  cancellationType?: ActivityCancellationType;
  /** Taken and not needed: the server waits between two attempts itself. */
  localRetryThreshold?: Duration;
  summary?: string;
}
