/** Finds the lines of keys in YAML and in JSON, which is also YAML. */
import {extname} from 'node:path';
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type YAMLMap,
} from 'yaml';
import type {KeyPath} from './mistakes.js';
import {isPackage} from './read.js';

/** The line of a key, from 1; for a missing key, the line of the nearest key above it. Undefined for a file without known lines. */
type LineOf = (path: KeyPath) => number | undefined;

/** Returns a function that finds lines in several files. Each file is parsed once, at its first use. */
export function lineFinder(files: readonly {readonly file: string; readonly text: string}[]) {
  const known = new Map<string, LineOf>();
  return (file: string, path: KeyPath): number | undefined => {
    const found = files.find((each) => each.file === file);
    if (found === undefined) return undefined;
    const lineOf = known.get(file) ?? linesOf(file, found.text);
    known.set(file, lineOf);
    return lineOf(path);
  };
}

const WITH_LINES: readonly string[] = ['', '.yaml', '.yml', '.json'];

function linesOf(file: string, text: string): LineOf {
  if (!WITH_LINES.includes(extname(file))) return () => undefined;
  const counter = new LineCounter();
  const document = parse();
  const above: KeyPath = isPackage(file) ? ['dirsync'] : [];

  function parse(): Document | undefined {
    try {
      return parseDocument(text, {lineCounter: counter, uniqueKeys: false, strict: false, logLevel: 'silent'});
    } catch {
      // If this parser refuses text that the other parser accepted, no lines are known.
      return undefined;
    }
  }

  function resolved(node: unknown): unknown {
    return isAlias(node) && document !== undefined ? node.resolve(document) : node;
  }

  const indexes = new Map<YAMLMap, ReadonlyMap<string, Pair>>();
  function indexOf(map: YAMLMap): ReadonlyMap<string, Pair> {
    const known = indexes.get(map);
    if (known !== undefined) return known;
    const pairs = map.items.flatMap((pair): [string, Pair][] =>
      isScalar(pair.key) ? [[pair.key.source ?? String(pair.key.value), pair]] : [],
    );
    const index = new Map(pairs);
    indexes.set(map, index);
    return index;
  }

  /** Finds a pair of a map, also through merge keys; each map is visited once. */
  function pairOf(map: YAMLMap, key: string, seen: Set<YAMLMap>): Pair | undefined {
    if (seen.has(map)) return undefined;
    seen.add(map);
    const own = indexOf(map).get(key);
    if (own !== undefined) return own;
    const merged = resolved(indexOf(map).get('<<')?.value);
    for (const item of isSeq(merged) ? merged.items : [merged]) {
      const other = resolved(item);
      const found = isMap(other) ? pairOf(other, key, seen) : undefined;
      if (found !== undefined) return found;
    }
    return undefined;
  }

  return (path) => {
    let node: unknown = document?.contents;
    let offset = 0;
    for (const key of [...above, ...path]) {
      const parent = resolved(node);
      const pair = isMap(parent) ? pairOf(parent, String(key), new Set()) : undefined;
      const child = pair ? pair.value : isSeq(parent) && typeof key === 'number' ? parent.items[key] : undefined;
      const place = (pair ? pair.key : child) as Node | null | undefined;
      if (!place?.range) break;
      offset = place.range[0];
      node = child;
    }
    return document && counter.linePos(offset).line;
  };
}
