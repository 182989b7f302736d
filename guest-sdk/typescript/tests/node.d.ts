// What the tests use of Node.
declare module 'node:test' {
  export function test(name: string, body: () => unknown): void;
}
declare module 'node:assert/strict' {
  function assert(value: unknown, message?: string): asserts value;
  namespace assert {
    function equal(actual: unknown, expected: unknown, message?: string): void;
    function deepEqual(actual: unknown, expected: unknown, message?: string): void;
    function match(text: string, pattern: RegExp): void;
    function throws(body: () => unknown, expected?: object | RegExp | ((error: any) => boolean)): void;
    function rejects(
      body: Promise<unknown> | (() => Promise<unknown>),
      expected?: object | RegExp | ((error: any) => boolean),
    ): Promise<void>;
  }
  export default assert;
}
declare module 'node:fs' {
  export function readFileSync(path: string | URL, encoding: 'utf8'): string;
  export function readdirSync(path: string | URL): string[];
}
