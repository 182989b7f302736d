// All steps, by their names.
import { calls } from './calls.ts';
import { facts } from './facts.ts';
import { flows } from './flows.ts';
import { handlers } from './handlers.ts';
import type { Verb } from './program.ts';

export const verbs: Record<string, Verb> = { ...calls, ...facts, ...flows, ...handlers };
