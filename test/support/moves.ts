/** Trees in memory with identities, to test what is planned for renamed entries. */

import type {Action} from '../../src/core/action.js';
import {type Block, CODE, emptyStat} from '../../src/core/block.js';
import {BlockWriter} from '../../src/core/block-writer.js';
import {fromNanoseconds} from '../../src/core/entry.js';
import {joinPath, parentPath, type RelPath} from '../../src/core/path.js';
import type {PlanOptions} from '../../src/core/plan.js';
import {diff} from '../../src/plan/diff.js';
import type {Row} from '../../src/plan/reader.js';
import type {Remembered} from '../../src/plan/remembered.js';
import {POLICY} from './diff.js';
import {streamOf} from './streams.js';
import {nameBytes} from './tree.js';

/** What is at a path. `id` stays the same when it is renamed; a folder has no content. */
export interface Node {
  readonly id: number;
  readonly content?: string;
  readonly mtime?: bigint;
  readonly mode?: number;
  readonly links?: number;
  readonly device?: number;
  /** A filter leaves it out. */
  readonly isExcluded?: boolean;
}

/** By path; every folder has an entry of its own, except for the root. */
export type Model = ReadonlyMap<string, Node>;

const ROOT_NODE: Node = {id: 1};

/** The paths of a model in canonical order. */
export function pathsOf(model: Model): string[] {
  const key = (path: string) =>
    Buffer.from(
      path
        .split('/')
        .map((name) => `${nameBytes(name).toString('latin1')}\0`)
        .join('\x01'),
      'latin1',
    );
  return [...model.keys()].sort((a, b) => compareParts(a, b) || Buffer.compare(key(a), key(b)));
}

function compareParts(a: string, b: string): number {
  const [first, second] = [a.split('/'), b.split('/')];
  for (let i = 0; i < Math.min(first.length, second.length); i++) {
    const order = Buffer.compare(nameBytes(first[i] as string), nameBytes(second[i] as string));
    if (order !== 0) return order;
  }
  return first.length - second.length;
}

/** `last`: what the last run has seen, if that is remembered. */
export function modelBlocks(model: Model, last: Model = new Map()): Block[] {
  const blocks: Block[] = [];
  const writer = new BlockWriter((block) => blocks.push(block));
  const write = (
    name: string,
    depth: number,
    {id, content, mtime = 0n, mode = 0o755, links = 1, device = 1, isExcluded = false}: Node,
  ) => {
    writer.append(depth, nameBytes(name).toString('latin1'), {
      ...emptyStat(),
      ...fromNanoseconds(mtime),
      code: isExcluded ? CODE.excluded : content === undefined ? CODE.directory : CODE.file,
      mode,
      uid: 1000,
      gid: 1000,
      size: content?.length ?? 0,
      device,
      inodeLow: id,
      links,
      birthSeconds: 1000 + id,
    });
  };
  write('', 0, ROOT_NODE);
  for (const path of pathsOf(model))
    write(path.slice(path.lastIndexOf('/') + 1), path.split('/').length, model.get(path) as Node);
  writer.finish();
  const others = pathsOf(model).flatMap((path, i) => {
    const [now, before] = [model.get(path), last.get(path)];
    return now?.content === undefined && before !== undefined && before.id !== now?.id ? [i + 1] : [];
  });
  return blocks.map((block) => ({...block, others: new Set(others)}));
}

/** Rows by path.
function rowsOf(model: Model): Map<string, Row> {
  const paths = ['', ...pathsOf(model)];
  const rows = modelBlocks(model).flatMap((block) => Array.from({length: block.count}, (_, index): Row => ({block, index})));
  return new Map(paths.map((path, i) => [path, rows[i] as Row]));
}

/** Rows by path. */
function rowsOf(model: Model): Map<string, Row> {
  const paths = ['', ...pathsOf(model)];
  const rows = modelBlocks(model).flatMap((block) => Array.from({length: block.count}, (_, index): Row => ({block, index})));
  return new Map(paths.map((path, i) => [path, rows[i] as Row]));
}

/** What a run remembers that has left both trees like this. */
function rememberedOf(both: Model): Remembered {
  const rows = rowsOf(both);
  return {isCurrent: true, sourceAt: (path) => rows.get(path), targetAt: (path) => rows.get(path)};
}

export interface Moved {
  readonly source: Model;
  readonly target: Model;
  /** Both trees after the last run; undefined: nothing is remembered. */
  readonly last?: Model | undefined;
  readonly policy?: Partial<PlanOptions> | undefined;
  readonly keepsInodes?: boolean;
}

/** Plans with moves. Content is compared by the models. */
export async function planMoves({source, target, last, policy = {}, keepsInodes = false}: Moved): Promise<readonly Action[]> {
  const {actions} = await diff({
    source: streamOf(modelBlocks(source, last)),
    target: streamOf(modelBlocks(target)),
    policy: {...POLICY, moves: true, moveCheckLimit: 2 ** 30, ...policy},
    wanted: [],
    uid: 1000,
    remembered: last && rememberedOf(last),
    keepsInodes,
    sameContent: async (paths, inTarget) =>
      paths.map((path, i) => source.get(path)?.content === target.get(inTarget[i] as string)?.content),
  });
  return actions;
}

/**
 * The target after these actions: moves first, each to a free path, then the rest in order. Files that are written have the source's
 * content. @throws Error if an action does not fit.
 */
export function applied(actions: readonly Action[], {source, target}: Pick<Moved, 'source' | 'target'>): Model {
  const moves = new Map(
    actions.flatMap((action) => (action.kind === 'move' ? [[action.from as string, action.path as string]] : [])),
  );
  const placed = (path: string): string => {
    const own = moves.get(path);
    if (own !== undefined) return own;
    const parent = parentPath(path as RelPath);
    return parent === '' ? path : joinPath(placed(parent) as RelPath, path.slice(parent.length + 1));
  };
  const result = new Map<string, Node>();
  for (const [path, node] of target) {
    const to = placed(path);
    if (result.has(to)) throw new Error(`${to} is taken`);
    result.set(to, node);
  }
  const removed: string[] = [];
  for (const {kind, path, before, after} of actions) {
    if (path === '') continue;
    const now = result.get(path);
    if (before !== undefined && now === undefined) throw new Error(`${kind}: nothing is at ${path}`);
    if (before === undefined && now !== undefined) throw new Error(`${kind}: ${path} is taken`);
    if (after === undefined) removed.push(path);
    else if (kind === 'move' || kind === 'attrs') {
      result.set(path, {...(now as Node), mtime: after.mtime, mode: after.mode});
    } else result.set(path, source.get(path) as Node);
  }
  for (const path of removed) result.delete(path);
  for (const path of result.keys()) {
    const parent = parentPath(path as RelPath);
    if (parent !== '' && result.get(parent)?.content !== undefined) throw new Error(`${path} is in a file`);
    if (parent !== '' && !result.has(parent)) throw new Error(`${path} has no folder`);
  }
  return result;
}

/** A model without identities, for comparisons; folders' times are set at the end of a run. */
export function seen(model: Model): Record<string, string> {
  return Object.fromEntries(
    pathsOf(model).map((path) => {
      const {content, mtime = 0n, mode = 0o755} = model.get(path) as Node;
      return [path, content === undefined ? `folder ${mode}` : `${mode} ${mtime} ${content}`];
    }),
  );
}
