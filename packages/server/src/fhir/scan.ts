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

/**
 * One pass over JSON text for what a parser does not tell: member names that stand twice in one object, and depth before any
 * recursive walk. The grammar is judged by the parser afterwards.
 *
 * @throws FhirError DUPLICATE_MEMBER with the path of the member, TOO_DEEP
 */
export function scanStructure(text: string): void {
  const levels: Level[] = [];
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (character === QUOTE) at = takeString(text, at, levels);
    else if (character === 0x7b || character === 0x5b) open(levels, character === 0x7b);
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

function refuse(levels: readonly Level[], name: string): never {
  const path = levels.filter((level) => level.names !== undefined).map((level) => level.current);
  throw new FhirError('DUPLICATE_MEMBER', `The member "${name}" stands twice in one object`, {
    details: { expression: path.join('.') },
  });
}
