import { MAX_JSON_DEPTH } from '@healthchain/core';
import { FhirError } from './errors.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

interface Level {
  /** Names seen in this object; undefined for an array. */
  readonly names: Set<string> | undefined;
  current: string;
}

/** Escapes that may stand for a character that no FHIR string has. */
const SUSPICIOUS_ESCAPE = /\\(?:[bf]|u00[01]|ud)/i;
/** Below U+0020 but tab, line feed, carriage return (FHIR R4, datatypes.html#string); half a surrogate pair has no UTF-8. */
// oxlint-disable-next-line no-control-regex
const NO_CHARACTER = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/;

/**
 * One pass over JSON text for what a parser does not tell: member names that stand twice in one object, depth before any
 * recursive walk, and strings whose escapes stand for what is no text. The grammar is judged by the parser afterwards.
 *
 * @throws FhirError DUPLICATE_MEMBER with the path of the member, BAD_CHARACTER likewise, TOO_DEEP
 */
export function scanStructure(text: string): void {
  const levels: Level[] = [];
  const isSuspicious = SUSPICIOUS_ESCAPE.test(text);
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (character === QUOTE) {
      const end = takeString(text, at, levels);
      if (isSuspicious) assertCharacters(text, at, end, levels);
      at = end;
    } else if (character === 0x7b || character === 0x5b) open(levels, character === 0x7b);
    else if (character === 0x7d || character === 0x5d) levels.pop();
  }
}

function open(levels: Level[], object: boolean): void {
  if (levels.length >= MAX_JSON_DEPTH) {
    throw new FhirError('TOO_DEEP', `JSON nested deeper than ${MAX_JSON_DEPTH}`, {
      details: { maxDepth: MAX_JSON_DEPTH },
    });
  }
  levels.push({ names: object ? new Set() : undefined, current: '' });
}

/** Returns the index of the closing quote; notes the string when it is a member's name. */
function takeString(text: string, from: number, levels: Level[]): number {
  const end = closingQuote(text, from);
  const level = levels.at(-1);
  if (level?.names !== undefined && followedByColon(text, end + 1)) {
    const name = unescaped(text, from, end);
    level.current = name;
    if (level.names.has(name)) refuse(levels, name);
    level.names.add(name);
  }
  return end;
}

function closingQuote(text: string, from: number): number {
  let end = from;
  do {
    end = text.indexOf('"', end + 1);
    if (end === -1) return text.length;
  } while (escaped(text, end, from));
  return end;
}

function escaped(text: string, at: number, from: number): boolean {
  let backslashes = 0;
  while (at - 1 - backslashes > from && text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes++;
  return backslashes % 2 === 1;
}

function followedByColon(text: string, from: number): boolean {
  let at = from;
  while (text.charCodeAt(at) <= 0x20) at++;
  return text.charCodeAt(at) === COLON;
}

/** Two spellings of one name (`"code"`, `"c\u006fde"`) are one name. What does not unescape is left to the parser. */
function unescaped(text: string, from: number, end: number): string {
  const raw = text.slice(from + 1, end);
  if (!raw.includes('\\')) return raw;
  try {
    return JSON.parse(`"${raw}"`) as string;
  } catch {
    return raw;
  }
}

function assertCharacters(text: string, from: number, end: number, levels: readonly Level[]): void {
  if (!SUSPICIOUS_ESCAPE.test(text.slice(from, end))) return;
  const meant = unescaped(text, from, end);
  if (meant.isWellFormed() && !NO_CHARACTER.test(meant)) return;
  throw new FhirError('BAD_CHARACTER', 'A string holds a control character or half a surrogate pair', {
    details: { expression: pathOf(levels) },
  });
}

function refuse(levels: readonly Level[], name: string): never {
  throw new FhirError('DUPLICATE_MEMBER', `The member "${name}" stands twice in one object`, {
    details: { expression: pathOf(levels) },
  });
}

function pathOf(levels: readonly Level[]): string {
  return levels
    .filter((level) => level.names !== undefined)
    .map((level) => level.current)
    .join('.');
}
