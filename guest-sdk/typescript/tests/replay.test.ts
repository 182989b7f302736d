import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Replayer, ReplayError } from '../src/testing/index.ts';
import * as workflows from './replayed.ts';

// Compiled tests stand in build/tests.
const history = readFileSync(new URL('../../tests/histories/everything.json', import.meta.url), 'utf8');

test('a history of a server replays', async () => {
  await new Replayer({ workflows }).replay(history);
  await new Replayer({ workflows }).replay(JSON.parse(history));
});

test('a change of code is told with its event', async () => {
  const check = async (change: Partial<typeof workflows.change>, eventId: number, words: RegExp) => {
    const before = { ...workflows.change };
    Object.assign(workflows.change, change);
    try {
      await assert.rejects(
        new Replayer({ workflows }).replay(history),
        (error) => error instanceof ReplayError && error.eventId === eventId && words.test(error.message),
      );
    } finally {
      Object.assign(workflows.change, before);
    }
  };
  const scheduled = JSON.parse(history).events.find(({ eventType }: any) =>
    eventType.endsWith('ACTIVITY_TASK_SCHEDULED'),
  );
  await check({ factor: 2 }, Number(scheduled.eventId), /its input is .* 1 in the history and .* 2 in the workflow/);
  const timer = JSON.parse(history).events.find(({ eventType }: any) => eventType.endsWith('TIMER_STARTED'));
  await check({ pause: 11 }, Number(timer.eventId), /its start-to-fire timeout is 0\.010000000 s in the history/);
});

test('what is no history says so', async () => {
  const replayer = new Replayer({ workflows });
  await assert.rejects(replayer.replay({}), /no object with a list of `events`/);
  await assert.rejects(replayer.replay({ events: [{ eventId: 1, eventType: 3 }] }), /EVENT_TYPE_/);
  await assert.rejects(new Replayer({ workflows: {} }).replay(history), /unknown workflow type "everything"/);
});
