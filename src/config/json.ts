/** Parses JSON and reports the line of a mistake. */
import {defaultLoaders} from 'cosmiconfig';
import {escapeName} from '../core/escape.js';
import {Unparsable} from './unparsable.js';

/**
 * Parses JSON text. `ours`: the key whose value is checked for duplicate keys; the rest belongs to other programs. @throws
 * Unparsable.
 */
export function parseJson(text: string, ours?: string): unknown {
  let value: unknown;
  try {
    value = defaultLoaders['.json']('', text);
  } catch (error) {
    throw new Unparsable('not valid JSON', lineAt(text, faultAt(text, (error as Error).message)), error);
  }
  const twice = keyTwice(text, ours);
  if (twice !== undefined) throw new Unparsable(twiceWords(twice.key), lineAt(text, twice.at), undefined);
  return value;
}

/** The message for a duplicate key. */
export function twiceWords(key: string): string {
  return `the key "${escapeName(key)}" appears twice`;
}

function lineAt(text: string, at: number): number {
  return text.slice(0, at).split('\n').length;
}

const STRING = '"(?:[^"\\\\]|\\\\.)*"';

/** The position of a mistake. If Node does not report it, it is the first invalid token, or a comma before a closing bracket. */
function faultAt(text: string, message: string): number {
  const told = /at position (\d+)/.exec(message)?.[1];
  if (told !== undefined) return Number(told);
  const sound = new RegExp(`(?:\\s|${STRING}|[{}[\\]:]|,(?!\\s*[\\]}])|-?\\d[\\d.eE+-]*|\\b(?:true|false|null)\\b)*`, 'y');
  sound.exec(text);
  return sound.lastIndex;
}

interface Open {
  /** Undefined in an array. */
  readonly keys: Set<string> | undefined;
  key: string;
}

/** The first duplicate key of valid JSON text: `JSON.parse` silently takes its last value. */
function keyTwice(text: string, ours: string | undefined): {key: string; at: number} | undefined {
  const open: Open[] = [];
  let last: {text: string; at: number} = {text: '""', at: 0};
  for (const {0: token, index} of text.matchAll(new RegExp(`${STRING}|[{}[\\]:]`, 'gs'))) {
    if (token === '{' || token === '[') open.push({keys: token === '{' ? new Set() : undefined, key: ''});
    else if (token === '}' || token === ']') open.pop();
    else if (token !== ':') last = {text: token, at: index};
    else {
      const inside = open.at(-1) as Open;
      inside.key = JSON.parse(last.text);
      const isOurs = ours === undefined || open[0]?.key === ours;
      if (isOurs && inside.keys?.has(inside.key)) return {key: inside.key, at: last.at};
      inside.keys?.add(inside.key);
    }
  }
  return undefined;
}
