// VALUEs and CONDITIONs: JSON in which a text that begins with `$` stands for a variable.

export type Fields = Record<string, any>;

/** The value of a variable; null when it was never set. */
export type Variables = (name: string) => unknown;

/** The value with its variables filled in. */
export function evaluate(written: unknown, variables: Variables): unknown {
  if (typeof written === 'string') {
    if (!written.startsWith('$')) return written;
    return written.startsWith('$$') ? written.slice(1) : field(written.slice(1), variables);
  }
  if (Array.isArray(written)) return written.map((item) => evaluate(item, variables));
  if (typeof written !== 'object' || written === null) return written ?? null;
  return Object.fromEntries(Object.entries(written).map(([name, value]) => [name, evaluate(value, variables)]));
}

/** `name.field.field`; a number is an index of a list. Null where there is nothing. */
function field(path: string, variables: Variables): unknown {
  const [name = '', ...words] = path.split('.');
  return words.reduce((value, word) => {
    const isThere = typeof value === 'object' && value !== null && Object.hasOwn(value, word);
    return isThere ? ((value as Fields)[word] ?? null) : null;
  }, variables(name));
}

/** Whether a condition holds. */
export function holds(condition: Fields, variables: Variables): boolean {
  const [kind, of] = Object.entries(condition)[0] ?? [];
  switch (kind) {
    case 'equals':
      return equal(evaluate(of[0], variables), evaluate(of[1], variables));
    case 'less':
      return (evaluate(of[0], variables) as number) < (evaluate(of[1], variables) as number);
    case 'set':
      return variables(of) !== null;
    case 'not':
      return !holds(of, variables);
    case 'any':
      return of.some((one: Fields) => holds(one, variables));
    case 'every':
      return of.every((one: Fields) => holds(one, variables));
    default:
      throw new Error(`there is no condition ${kind}`);
  }
}

function equal(left: unknown, right: unknown): boolean {
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return left === right;
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  const fields = Object.entries(left);
  const sameSize = fields.length === Object.keys(right).length;
  return (
    sameSize && fields.every(([name, value]) => Object.hasOwn(right, name) && equal(value, (right as Fields)[name]))
  );
}
