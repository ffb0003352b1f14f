/** JSON, with the line of what is wrong in it. */
import {defaultLoaders} from 'cosmiconfig';
import {escapeName} from '../core/escape.js';
import {Unparsable} from './unparsable.js';

/** `ours`: the key whose value is looked at; another program may take what it will of the rest. @throws Unparsable */
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

export function twiceWords(key: string): string {
  return `the key "${escapeName(key)}" appears twice`;
}

function lineAt(text: string, at: number): number {
  return text.slice(0, at).split('\n').length;
}

const STRING = '"(?:[^"\\\\]|\\\\.)*"';

/** Node does not always tell the place: then it is the first thing that JSON has no word for, or a comma before an end. */
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

/** The first key of a valid JSON text that an object has twice: `JSON.parse` takes the last value of it without a word. */
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
