// What the workflow says about where it is, for people.
import { activeRun } from './context.ts';

/** Says where the workflow is, in a few lines for people. */
export function setCurrentDetails(details: string): void {
  activeRun('setCurrentDetails()').details = details;
}

export function getCurrentDetails(): string {
  return activeRun('getCurrentDetails()').details;
}
