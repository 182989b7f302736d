// What the test uses of Node.
declare module 'node:test' {
  export function test(name: string, body: () => Promise<void>): void;
}
declare module 'node:assert/strict' {
  const assert: {
    equal(actual: unknown, expected: unknown): void;
    deepEqual(actual: unknown, expected: unknown): void;
    rejects(body: Promise<unknown>, expected: (error: any) => boolean): Promise<void>;
  };
  export default assert;
}
