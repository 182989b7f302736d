// What files of Temporal's samples may import and a component cannot have. Each says what to do instead.
import { UnsupportedError } from '../common/errors.ts';

function unsupported(name: string, instead: string): (...args: unknown[]) => never {
  return () => {
    throw new UnsupportedError(`${name} does not exist here: ${instead}`);
  };
}

/** Nexus services are not for components. */
export const createNexusServiceClient = unsupported(
  'createNexusServiceClient',
  'components call no Nexus services. Call an activity, or start a child workflow',
);

/** Versions are a matter of deployments. */
export const setWorkflowOptions = unsupported(
  'setWorkflowOptions',
  'a run stays on the component that it started on. Take the call out',
);

export const defineWorkflowOptions = setWorkflowOptions;
