// What a workflow should not do, one mistake a function. Each has its right answer, the same on replay.
import { proxyActivities, sleep } from '@wrt/sdk/workflow';

export const activities = {
  async hang(): Promise<void> {
    await new Promise(() => {});
  },
  async throwText(): Promise<void> {
    throw 'only text';
  },
  async tooDeep(): Promise<number> {
    return deep(0);
  },
  async forbidden(): Promise<number> {
    return (await fetch('http://not-granted.test/')).status;
  },
};

const { hang, throwText, tooDeep, forbidden } = proxyActivities<typeof activities>({
  startToCloseTimeout: '20s',
  retry: { maximumAttempts: 1 },
});

function deep(depth: number): number {
  return deep(depth + 1) + 1;
}

export async function endlessLoop(): Promise<void> {
  for (;;);
}

export async function hoard(): Promise<void> {
  const all: string[] = [];
  for (;;) all.push('x'.repeat(1_000_000) + all.length);
}

export async function endlessRecursion(): Promise<string> {
  try {
    deep(0);
    return 'no end';
  } catch (error) {
    return String(error);
  }
}

export async function throwNumber(): Promise<void> {
  throw 7;
}

export async function throwNothing(): Promise<void> {
  throw undefined;
}

export async function bug(): Promise<void> {
  await sleep(10);
  const order: { items?: string[] } = {};
  order.items!.push('pen');
}

export async function loseRejection(): Promise<string> {
  void Promise.reject(new Error('nobody listens'));
  return 'done';
}

export async function request(): Promise<void> {
  await fetch('http://example.test/');
}

export async function waitForEver(): Promise<void> {
  await hang();
}

export async function failWithText(): Promise<void> {
  await throwText();
}

export async function failTooDeep(): Promise<void> {
  await tooDeep();
}

export async function failForbidden(): Promise<void> {
  await forbidden();
}

/** Everything that differs from one process to the next in other runtimes. */
export async function draw(): Promise<unknown> {
  const before = { numbers: [Math.random(), Math.random()], id: crypto.randomUUID(), at: Date.now() };
  await sleep(50);
  const order = [...new Set(['b', 'a', 'c'])].concat(Object.keys({ z: 1, y: 2 }));
  return { before, after: { number: Math.random(), at: new Date().toISOString() }, order };
}

export async function returnBigInt(): Promise<unknown> {
  return { amount: 10n ** 20n };
}

export async function returnCycle(): Promise<unknown> {
  const it: { self?: unknown } = {};
  it.self = it;
  return it;
}

export async function importLate(): Promise<string> {
  const { cart } = await import('./cart');
  return cart.name;
}
