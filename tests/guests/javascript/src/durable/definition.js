// Workflow types: classes with an async method `run`, found by name.

/** The classes by the name of their workflow type. */
export const definitions = new Map();

/**
 * Registers a class as the workflow type of its name. Its static `signals` and `queries` map names to descriptions;
 * a query is answered by the method of its name.
 */
export function workflow(definition) {
  definitions.set(definition.name, definition);
}

/** All registered workflow types, in the words of the contract. */
export function describe(sdkName, sdkVersion) {
  return { sdkName, sdkVersion, workflows: [...definitions.values()].map(describeWorkflow) };
}

function describeWorkflow({ name, description, signals, queries }) {
  return { name, description, signals: handlers(signals), queries: handlers(queries), updates: [] };
}

function handlers(descriptions) {
  return Object.entries(descriptions).map(([name, description]) => ({ name, description }));
}
