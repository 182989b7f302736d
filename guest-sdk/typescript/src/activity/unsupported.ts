// What files of Temporal's samples may import and an activity in a component cannot have.
import { named, UnsupportedError } from '../common/errors.ts';

/**
 * Thrown by activities that somebody else completes. In a component that is not possible: the attempt fails and says
 * so.
 */
export class CompleteAsyncError extends Error {
  static {
    named('CompleteAsyncError')(this);
  }
}

/** An activity in a component has no connection to a server. */
export function getClient(): never {
  throw new UnsupportedError(
    'getClient() does not exist here: an activity in a component has no client. Call the HTTP API of the server with fetch, ' +
      'or let the workflow do it',
  );
}
