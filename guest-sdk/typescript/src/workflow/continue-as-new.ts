// Going on in a new run with a fresh history.
import type { WireContinueAsNewOptions, WirePayload } from '../contract.ts';
import { extractWorkflowType, type Workflow } from '../common/definitions.ts';
import { toOptionalSpan, type Duration } from '../common/duration.ts';
import { named } from '../common/errors.ts';
import { toFields } from '../common/payload.ts';
import { toRetryPolicy, type RetryPolicy } from '../common/retry-policy.ts';
import {
  encodeSearchAttributes,
  type SearchAttributePair,
  type SearchAttributes,
  type TypedSearchAttributes,
} from '../common/search-attributes.ts';
import { commandingRun } from './context.ts';
import { intercept, type OutboundCalls } from './interceptors.ts';

/** How the run that follows differs from this one. What is not set stays as it is. */
export interface ContinueAsNewOptions {
  /** Goes on as another workflow type. */
  workflowType?: string;
  /** Goes on in another task queue. */
  taskQueue?: string;
  workflowRunTimeout?: Duration;
  workflowTaskTimeout?: Duration;
  retry?: RetryPolicy;
  /** Replaces the memo. */
  memo?: Record<string, unknown>;
  /** Replaces the search attributes. */
  searchAttributes?: SearchAttributes;
  /** Replaces the search attributes. */
  typedSearchAttributes?: SearchAttributePair[] | TypedSearchAttributes;
  /** Taken and not needed: the new run goes to the version that is current. */
  versioningIntent?: unknown;
}

/** What `continueAsNew` throws: the way to the new run. The workflow has to let it through. */
export class ContinueAsNew extends Error {
  static {
    named('ContinueAsNew')(this);
  }
  readonly _input: WirePayload[];
  readonly _options: WireContinueAsNewOptions;

  constructor(input: WirePayload[], options: WireContinueAsNewOptions) {
    super('the workflow continues as new: let this through, and do not catch it');
    this._input = input;
    this._options = options;
  }
}

/** Ends this run and goes on in a new one, as the same workflow type, with other arguments. Never returns. */
export function continueAsNew<F extends Workflow>(...args: Parameters<F>): Promise<never> {
  return makeContinueAsNewFunc<F>()(...args);
}

/** A function like `continueAsNew`, with options for the new run. */
export function makeContinueAsNewFunc<F extends Workflow>(
  options: ContinueAsNewOptions = {},
): (...args: Parameters<F>) => Promise<never> {
  return (...args) => {
    const run = commandingRun('continueAsNew()');
    const next = intercept<OutboundCalls, 'continueAsNew'>(
      run.interceptors.outbound,
      'continueAsNew',
      async ({ args, headers, options }) => {
        throw new ContinueAsNew(run.coder.encode(args), { ...wireOptions(options), header: toFields(headers) });
      },
    );
    return next({ args, headers: {}, options });
  };

  function wireOptions(options: ContinueAsNewOptions): WireContinueAsNewOptions {
    const attributes = options.typedSearchAttributes ?? options.searchAttributes;
    return {
      workflowType: options.workflowType === undefined ? undefined : extractWorkflowType(options.workflowType),
      taskQueue: options.taskQueue,
      runTimeout: toOptionalSpan(options.workflowRunTimeout),
      taskTimeout: toOptionalSpan(options.workflowTaskTimeout),
      retryPolicy: toRetryPolicy(options.retry),
      header: [],
      memo: options.memo && commandingRun('continueAsNew()').coder.encodeFields(options.memo),
      searchAttributes: attributes && encodeSearchAttributes(attributes),
    };
  }
}
