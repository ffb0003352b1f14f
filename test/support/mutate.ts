/** Texts and values with random mistakes. */
import type {Chance} from './faults.js';

/** Stands for 10 000 nested lists. */
const DEEP = '\x01deep';

/** Values that a reader may not expect. */
export const ODD_VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  0.5,
  1e308,
  2 ** 53,
  -(2 ** 53),
  '',
  ' ',
  '0',
  '\0',
  '\udc00',
  '\ud800',
  '__proto__',
  'x'.repeat(100_000),
  '9'.repeat(400),
  [],
  {},
  [[]],
  [null],
  {'': ''},
  {toString: 1, valueOf: 1},
  {length: -1},
  DEEP,
];

export const ODD_PATHS: readonly string[] = [
  '..',
  '../secret',
  'a/../../secret',
  'a/..',
  '.',
  './a',
  'a/.',
  '/',
  '/etc/passwd',
  'a//b',
  'a/',
  '//',
  '.dirsync',
  '.dirsync/x',
  '.dirsync/lock',
  'a\0b',
  'x'.repeat(256),
  'x'.repeat(100_000),
  'x/'.repeat(5000).slice(0, -1),
  '\udcff',
  '\udcc3\udca9',
  '\ud800',
  'C:\\x',
  '~',
];

/** As `JSON.stringify`, with nested lists in place of `DEEP`, which it could not write itself. */
export function stringify(value: unknown): string {
  return JSON.stringify(value).replaceAll(JSON.stringify(DEEP), '['.repeat(10_000) + ']'.repeat(10_000));
}

/** The bytes with one to three mistakes. */
export function mutateBytes(chance: Chance, bytes: Buffer): Buffer {
  let found = bytes;
  for (let i = chance.int(1, 3); i > 0; i--) {
    const at = chance.int(0, Math.max(0, found.length - 1));
    const rest = found.subarray(at);
    switch (chance.int(0, 4)) {
      case 0:
        found = Buffer.from(found);
        if (found.length > 0) found[at] = (found[at] as number) ^ (1 << chance.int(0, 7));
        break;
      case 1:
        found = found.subarray(0, at);
        break;
      case 2:
        found = Buffer.concat([found.subarray(0, at), rest.subarray(chance.int(1, 40))]);
        break;
      case 3:
        found = Buffer.concat([found.subarray(0, at), Buffer.from(chance.of(['\n', '\0', '{', '"', '\xff', '[]', '🙂'])), rest]);
        break;
      default:
        found = Buffer.concat([found, found.subarray(at)]);
    }
  }
  return found;
}

/** The lines with one removed, doubled, moved, cut or inserted. */
export function mutateLines(chance: Chance, lines: readonly string[], added: readonly string[]): string[] {
  const found = [...lines];
  const at = chance.int(0, found.length - 1);
  const line = found[at] as string;
  const how = chance.int(0, 5);
  if (how === 0) found.splice(at, 1);
  else if (how === 1) found.splice(at, 0, line);
  else if (how === 2) found.splice(chance.int(0, found.length), 0, ...found.splice(at, 1));
  else if (how === 3) found[at] = line.slice(0, chance.int(0, line.length));
  else if (how === 4) found.splice(at, 0, chance.of(added));
  else found[at] = line + chance.of(added);
  return found;
}

/** The value with one key or item, at any depth, given a different value, removed, or copied under a different name. */
export function mutateValue(chance: Chance, value: unknown, odd: readonly unknown[] = ODD_VALUES): unknown {
  const copy = structuredClone(value);
  const places: [holder: Record<string, unknown>, key: string][] = [];
  const visit = (at: unknown, depth = 0) => {
    if (typeof at !== 'object' || at === null || depth > 20) return;
    for (const key of Object.keys(at)) {
      places.push([at as Record<string, unknown>, key]);
      visit((at as Record<string, unknown>)[key], depth + 1);
    }
  };
  visit(copy);
  if (places.length === 0) return chance.of(odd);
  const [holder, key] = chance.of(places);
  const how = chance.int(0, 9);
  if (how === 0) delete holder[key];
  else if (how === 1) holder[chance.of(['x', '__proto__', 'constructor', 'toString', ''])] = holder[key];
  else if (how === 2) holder[key] = chance.of(places.filter(([other]) => Object.hasOwn(other, key)))[0][key];
  else holder[key] = chance.of(odd);
  return how === 2 && isCyclic(copy) ? chance.of(odd) : copy;
}

function isCyclic(value: unknown): boolean {
  try {
    JSON.stringify(value);
    return false;
  } catch {
    return true;
  }
}
