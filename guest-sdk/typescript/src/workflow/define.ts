// Signals, queries and updates: their definitions, and who takes them.
import { HandlerUnfinishedPolicy } from '../common/definitions.ts';
import type {
  Handler,
  HandlerDescription,
  QueryDefinition,
  SignalDefinition,
  UpdateDefinition,
} from '../common/definitions.ts';
import { note } from '../common/description.ts';
import { activeRun } from './context.ts';
import { currentUpdate, type UpdateInfo } from './handlers.ts';

/** Defines a signal. One that is defined outside of functions is told of when the module is deployed. */
export function defineSignal<Args extends any[] = [], Name extends string = string>(
  name: Name,
  description: HandlerDescription = {},
): SignalDefinition<Args, Name> {
  return note({ type: 'signal', name }, description);
}

/** Defines a query. */
export function defineQuery<Ret, Args extends any[] = [], Name extends string = string>(
  name: Name,
  description: HandlerDescription = {},
): QueryDefinition<Ret, Args, Name> {
  return note({ type: 'query', name }, description);
}

/** Defines an update. */
export function defineUpdate<Ret, Args extends any[] = [], Name extends string = string>(
  name: Name,
  description: HandlerDescription = {},
): UpdateDefinition<Ret, Args, Name> {
  return note({ type: 'update', name }, description);
}

export interface SignalHandlerOptions {
  description?: string;
  unfinishedPolicy?: HandlerUnfinishedPolicy;
}
export interface QueryHandlerOptions {
  description?: string;
}
export interface UpdateHandlerOptions<Args extends any[]> {
  description?: string;
  /** Turns an update away by throwing. May look, and not touch. */
  validator?: (...args: Args) => void;
  unfinishedPolicy?: HandlerUnfinishedPolicy;
}

export function setHandler<Ret, Args extends any[], T extends QueryDefinition<Ret, Args>>(
  definition: T,
  handler: Handler<Ret, Args, T> | undefined,
  options?: QueryHandlerOptions,
): void;
export function setHandler<Ret, Args extends any[], T extends SignalDefinition<Args>>(
  definition: T,
  handler: Handler<Ret, Args, T> | undefined,
  options?: SignalHandlerOptions,
): void;
export function setHandler<Ret, Args extends any[], T extends UpdateDefinition<Ret, Args>>(
  definition: T,
  handler: Handler<Ret, Args, T> | undefined,
  options?: UpdateHandlerOptions<Args>,
): void;
/**
 * Sets who takes a signal, a query or an update; `undefined` takes the handler away. Signals and updates that have come
 * before are handed over at once, in their order.
 */
export function setHandler(
  definition: { type: 'signal' | 'query' | 'update'; name: string },
  handler: ((...args: any[]) => unknown) | undefined,
  options: SignalHandlerOptions & UpdateHandlerOptions<any[]> = {},
): void {
  const { handlers } = activeRun('setHandler()');
  const { validator, unfinishedPolicy = 'WARN_AND_ABANDON' } = options;
  handlers.set(definition.type, definition.name, handler && { handler, validator, unfinishedPolicy });
}

/** Sets who takes the signals that no other handler takes. */
export function setDefaultSignalHandler(
  handler: ((signalName: string, ...args: unknown[]) => void | Promise<void>) | undefined,
): void {
  activeRun('setDefaultSignalHandler()').handlers.setDefault('signal', handler);
}

/** Sets who answers the queries that no other handler answers. */
export function setDefaultQueryHandler(handler: ((queryName: string, ...args: any[]) => unknown) | undefined): void {
  activeRun('setDefaultQueryHandler()').handlers.setDefault('query', handler);
}

/** Sets who takes the updates that no other handler takes. */
export function setDefaultUpdateHandler(handler: ((updateName: string, ...args: any[]) => unknown) | undefined): void {
  activeRun('setDefaultUpdateHandler()').handlers.setDefault('update', handler);
}

/** Whether no handler of a signal or an update is at work: `await condition(allHandlersFinished)`. */
export function allHandlersFinished(): boolean {
  return activeRun('allHandlersFinished()').handlers.allFinished;
}

/** The update that the calling code belongs to, if it belongs to one. */
export function currentUpdateInfo(): UpdateInfo | undefined {
  activeRun('currentUpdateInfo()');
  return currentUpdate();
}

export type { UpdateInfo };
export { HandlerUnfinishedPolicy };
