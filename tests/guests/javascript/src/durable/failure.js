// Failures of the contract as JavaScript errors: a chain of links is a chain of `cause`.
import { encode } from './payload.js';

const SOURCE = 'polyglot-javascript';

/** A failure that the runtime told the workflow about. It fails the run when nothing catches it. */
export class Failure extends Error {
  constructor(link, cause) {
    super(link.message, { cause });
    this.link = link;
  }
}

/** A failure that the workflow throws to fail its run, rather than only the workflow task. */
export class ApplicationFailure extends Failure {
  constructor(message, failureType, { nonRetryable = false, details = [] } = {}) {
    const info = { failureType, nonRetryable, details: details.map(encode), nextRetryDelay: null };
    super({ message, source: SOURCE, stackTrace: '', info: { tag: 'application', val: info } });
  }
}

/** What a wait throws when the run is asked to cancel itself. It cancels the run when nothing catches it. */
export class Canceled extends Error {}

/** Something that was asked for does not exist. Its message says all, so it goes without a stack trace. */
export class Refusal extends Error {}

/** The error for a chain of links, outermost first. */
export function fromLinks(links) {
  return links.reduceRight((cause, link) => new Failure(link, cause), undefined);
}

/** The chain of links for a failure and its causes. */
export function toLinks(failure) {
  if (!(failure instanceof Failure)) return [];
  const { link } = failure;
  // The stack of a failure that came from elsewhere says only how it got in.
  const stackTrace = link.source === SOURCE ? failure.stack : link.stackTrace;
  return [{ ...link, stackTrace }, ...toLinks(failure.cause)];
}
