// How often and how fast to try again, and who goes first.
import type { Option, WirePriority, WireRetryPolicy } from '../contract.ts';
import { fromOptionalSpan, msToNumber, toOptionalSpan, type Duration } from './duration.ts';
import { ValueError } from './errors.ts';

/** How often and how fast a failed attempt is repeated. */
export interface RetryPolicy {
  /** The factor by which the wait grows, at least 1. The default is 2. */
  backoffCoefficient?: number;
  /** The wait before the second attempt. The default is a second. */
  initialInterval?: Duration;
  /** Attempts in total, the first one included; without end by default. */
  maximumAttempts?: number;
  /** The longest wait. The default is 100 times the initial interval. */
  maximumInterval?: Duration;
  /** Types of application failures that end the attempts at once. */
  nonRetryableErrorTypes?: string[];
}

/** The importance of a task among those that wait in the same queue. */
export interface Priority {
  /** 1 goes first. */
  priorityKey?: number;
  /** Tasks share a queue fairly by this key. */
  fairnessKey?: string;
  /** The share of the fairness key; 1 by default. */
  fairnessWeight?: number;
}

/** Throws `ValueError` for a policy that cannot be. */
export function toRetryPolicy(policy: RetryPolicy | undefined): WireRetryPolicy | undefined {
  if (!policy) return undefined;
  const { backoffCoefficient, initialInterval, maximumInterval, nonRetryableErrorTypes = [] } = policy;
  const maximumAttempts = policy.maximumAttempts ?? 0;
  if (backoffCoefficient !== undefined && !(backoffCoefficient >= 1)) {
    throw new ValueError('RetryPolicy.backoffCoefficient has to be at least 1');
  }
  if (initialInterval !== undefined && !(msToNumber(initialInterval) > 0)) {
    throw new ValueError('RetryPolicy.initialInterval has to be more than 0');
  }
  if (maximumAttempts !== Infinity && (!Number.isInteger(maximumAttempts) || maximumAttempts < 0)) {
    throw new ValueError('RetryPolicy.maximumAttempts has to be a whole number');
  }
  return {
    initialInterval: toOptionalSpan(initialInterval),
    backoffCoefficient,
    maximumInterval: toOptionalSpan(maximumInterval),
    maximumAttempts: maximumAttempts === Infinity ? 0 : maximumAttempts,
    nonRetryableErrorTypes: [...nonRetryableErrorTypes],
  };
}

export function fromRetryPolicy(policy: Option<WireRetryPolicy>): RetryPolicy | undefined {
  if (!policy) return undefined;
  const initialInterval = fromOptionalSpan(policy.initialInterval);
  const maximumInterval = fromOptionalSpan(policy.maximumInterval);
  return {
    ...(typeof policy.backoffCoefficient === 'number' ? { backoffCoefficient: policy.backoffCoefficient } : {}),
    ...(initialInterval === undefined ? {} : { initialInterval }),
    ...(maximumInterval === undefined ? {} : { maximumInterval }),
    maximumAttempts: policy.maximumAttempts === 0 ? Infinity : policy.maximumAttempts,
    nonRetryableErrorTypes: policy.nonRetryableErrorTypes,
  };
}

export function toPriority(priority: Priority | undefined): WirePriority | undefined {
  if (!priority) return undefined;
  const { priorityKey = 0, fairnessKey = '', fairnessWeight = 0 } = priority;
  return { priorityKey, fairnessKey, fairnessWeight };
}

export function fromPriority(priority: Option<WirePriority>): Priority | undefined {
  if (!priority) return undefined;
  const { priorityKey, fairnessKey, fairnessWeight } = priority;
  return {
    ...(priorityKey ? { priorityKey } : {}),
    ...(fairnessKey ? { fairnessKey } : {}),
    ...(fairnessWeight ? { fairnessWeight } : {}),
  };
}
