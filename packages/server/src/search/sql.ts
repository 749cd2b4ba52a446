/** Text with placeholders and their values, in order. Values never enter the text. */
export interface Sql {
  readonly text: string;
  readonly values: readonly (string | number)[];
}

export const NEVER: Sql = { text: '0', values: [] };
export const ALWAYS: Sql = { text: '1', values: [] };

export function all(...parts: readonly Sql[]): Sql {
  return joined(parts, ' AND ', ALWAYS);
}

export function any(parts: readonly Sql[]): Sql {
  return joined(parts, ' OR ', NEVER);
}

export function not(part: Sql): Sql {
  return { text: `NOT (${part.text})`, values: part.values };
}

/** The column is one of these; a list travels as one JSON value. */
export function oneOf(column: string, list: readonly (string | number)[]): Sql {
  return { text: `${column} IN (SELECT value FROM json_each(?))`, values: [JSON.stringify(list)] };
}

function joined(parts: readonly Sql[], between: string, none: Sql): Sql {
  const [first, ...rest] = parts;
  if (first === undefined || rest.length === 0) return first ?? none;
  return {
    text: parts.map((part) => `(${part.text})`).join(between),
    values: parts.flatMap((part) => part.values),
  };
}
