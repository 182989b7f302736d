// The command line that does the same as a button.

type Word = string | undefined | false;

/** A word as a shell takes it. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Ports at which `wrt` looks by itself, or that stand for those. */
const USUAL = new Set(['7233', '8233']);

/** `wrt …` with its flags: pairs without a value are left out, those with `true` are flags alone. */
export function command(namespace: string, verb: string, flags: [string, Word | true | string[]][] = [], words: string[] = []): string {
  const line = [`wrt ${verb}`, ...words.map(quoted)];
  const given: [string, Word | true | string[]][] = [...flags, ['--namespace', namespace !== 'default' && namespace]];
  if (!USUAL.has(location.port)) given.push(['--address', location.host]);
  for (const [flag, value] of given) {
    if (value === true) line.push(flag);
    else if (Array.isArray(value)) value.forEach((each) => line.push(`${flag} ${quoted(each)}`));
    else if (value) line.push(`${flag} ${quoted(value)}`);
  }
  return line.join(' ');
}

export const run = (namespace: string, verb: string, workflowId: string, runId: string | undefined, flags: [string, Word | true | string[]][] = []) =>
  command(namespace, verb, [['--workflow-id', workflowId], ['--run-id', runId], ...flags]);
