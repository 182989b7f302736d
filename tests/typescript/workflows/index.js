// Workflows that run in a worker of the TypeScript SDK, and no component has their code.

export * from './activity.js';
export * from './everything.js';
export * from './failures.js';
export * from './family.js';
export * from './knowledge.js';
export * from './scopes.js';
export * from './secrets.js';
export * from './time.js';
