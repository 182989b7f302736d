/**
 * Durable workflows and activities. The entry points `@wrt/sdk/workflow`, `@wrt/sdk/activity` and `@wrt/sdk/common`
 * have the names of Temporal's packages; here is what does not stand in two of them.
 *
 *
 * @module
 */
export * from './common/index.ts';
export * from './workflow/index.ts';
export { CompleteAsyncError, Context, describeActivity, type Info } from './activity/index.ts';
export * as activity from './activity/index.ts';
