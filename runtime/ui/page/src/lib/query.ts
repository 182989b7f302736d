// The list language, as far as the filter builder writes and reads it.

export interface Clause {
  field: string;
  operator: string;
  value: string;
}

export const OPERATORS: Record<string, string[]> = {
  KEYWORD: ['=', '!=', 'STARTS_WITH', 'IN', 'IS NULL', 'IS NOT NULL'],
  KEYWORD_LIST: ['=', '!=', 'IS NULL', 'IS NOT NULL'],
  TEXT: ['=', '!='],
  INT: ['=', '!=', '>', '>=', '<', '<='],
  DOUBLE: ['=', '!=', '>', '>=', '<', '<='],
  DATETIME: ['>', '>=', '<', '<=', '=', '!='],
  BOOL: ['=', '!='],
};

export const kindOf = (type: string | undefined) => (type ?? '').replace('INDEXED_VALUE_TYPE_', '') || 'KEYWORD';

/** A string of the language. */
export const literal = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

const isName = (field: string) => /^[A-Za-z_]\w*$/.test(field);

export function written(clause: Clause, kind: string): string {
  const field = isName(clause.field) ? clause.field : `\`${clause.field}\``;
  if (clause.operator.endsWith('NULL')) return `${field} ${clause.operator}`;
  if (clause.operator === 'IN') return `${field} IN (${clause.value.split(',').map((part) => literal(part.trim())).join(', ')})`;
  const bare = ['INT', 'DOUBLE', 'BOOL'].includes(kind);
  return `${field} ${clause.operator} ${bare ? clause.value.trim() : literal(clause.value)}`;
}

/** Joins a clause to a query, before its order. */
export function joined(query: string, clause: string): string {
  const [, condition, order] = /^(.*?)(\s*\bORDER\s+BY\b.*)?$/is.exec(query.trim()) ?? ['', query, ''];
  const both = condition?.trim() ? `${/\bOR\b/i.test(condition) ? `(${condition.trim()})` : condition.trim()} AND ${clause}` : clause;
  return both + (order ?? '');
}

const ORDER = /\s*\bORDER\s+BY\s+`?(\w+)`?(?:\s+(ASC|DESC))?\s*$/i;

export function orderOf(query: string): { field: string; descending: boolean } | undefined {
  const found = ORDER.exec(query);
  return found?.[1] ? { field: found[1], descending: found[2]?.toUpperCase() === 'DESC' } : undefined;
}

export function ordered(query: string, field: string, descending: boolean): string {
  return `${query.replace(ORDER, '')} ORDER BY ${field} ${descending ? 'DESC' : 'ASC'}`.trim();
}

export const withoutOrder = (query: string) => query.replace(ORDER, '').trim();

/** The status that the query asks for alone, if its clauses say so. */
export const STATUS_CLAUSE = /(?:^|\s+AND\s+)ExecutionStatus\s*=\s*'(\w+)'/i;

export function withStatus(query: string, status: string | undefined): string {
  let rest = query.replace(STATUS_CLAUSE, '').replace(/^\s*AND\s+/i, '').trim();
  if (status) rest = joined(rest, `ExecutionStatus = ${literal(status)}`);
  return rest;
}

/** Where a refused query went wrong, from the position or the word that the server names. */
export function errorRange(query: string, message: string): [number, number] | undefined {
  const place = /column:?\s*(\d+)/i.exec(message)?.[1];
  if (place) return [Math.max(0, Number(place) - 1), Number(place)];
  const word = /(?:attribute|found:?|near|value|column):?\s+[`'"]?([\w.$-]+)/i.exec(message)?.[1];
  const at = word ? query.indexOf(word) : -1;
  return word && at >= 0 ? [at, at + word.length] : undefined;
}
