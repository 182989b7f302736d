// The exports of the component.
import './durable/globals.js';
import './polyglot.js';
import * as definition from './durable/definition.js';
import { Refusal } from './durable/failure.js';
import * as run from './durable/run.js';

/** The interface `guest`. What leaves it has to be a string: engines trap on an error object, and its text is lost. */
export const guest = {
  describe: () => definition.describe('polyglot-javascript', '0.1.0'),
  activate: (activation) => answer(run.activate, activation),
  query: (query) => answer(run.query, query),
};

function answer(call, argument) {
  try {
    return call(argument);
  } catch (error) {
    throw error instanceof Refusal ? error.message : `${error}\n${error?.stack ?? ''}`.trimEnd();
  }
}
