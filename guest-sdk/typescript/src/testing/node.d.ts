// What is used of Node, so that the package needs no types but its own.
declare module 'node:async_hooks' {
  export class AsyncLocalStorage<T> {
    run<R>(store: T, callback: () => R): R;
    exit<R>(callback: () => R): R;
    getStore(): T | undefined;
  }
}
declare const process: {
  on(event: 'unhandledRejection', listener: (error: unknown) => void): void;
  off(event: 'unhandledRejection', listener: (error: unknown) => void): void;
  listeners(event: 'unhandledRejection'): ((error: unknown) => void)[];
  removeAllListeners(event: 'unhandledRejection'): void;
};
declare function setImmediate(callback: () => void): unknown;
