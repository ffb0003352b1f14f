/**
 * Waves: the order in which a plan's actions are done. Actions of a wave may run in parallel; a wave starts when the previous one
 * has ended. An action may have steps in several waves: a new folder is created early and gets its attributes last.
 */
import {type Action, type Move, spelledFrom} from '../core/action.js';
import type {ApplyPhase} from '../core/event.js';
import {isWithin, pathDepth, type RelPath} from '../core/path.js';
import {isSpelledLate, moveOrder} from './move-order.js';
import {OldPaths} from './old-paths.js';
import {overwritesOf} from './overwrites.js';
import type {TwinPolicy} from './twins.js';

/** The step that a wave does. */
export type WaveStep =
  /** Names get their new spelling, folders before their content. All later steps use the new names. */
  | 'renames'
  /** Folders are created, parents first. */
  | 'folders'
  /** Of moves that wait for each other, one is renamed to a spot in `.dirsync`, until its path is free. */
  | 'parks'
  /** Entries are moved to their paths. All later steps use the new paths. */
  | 'moves'
  /** Files and symlinks are written. A leaf that replaces a folder waits in staging until the folder is empty. */
  | 'writes'
  /** Files are overwritten whose old content may have been written earlier, under another name. */
  | 'overwrites'
  /** The same for files that wait for each other: the old file is set aside. */
  | 'exchanges'
  | 'links'
  /** Leaves are deleted. Everything that was written is on disk before. */
  | 'deletes'
  /** Empty folders are deleted or replaced, children first. */
  | 'emptied'
  /** The metadata of leaves is set: after the deletes, because two names of a file share their metadata. */
  | 'attrs'
  /** The metadata of folders is set, deepest first, when their content is complete. */
  | 'settle';

/** A step, and the actions that can do it at the same time. */
export interface Wave {
  readonly step: WaveStep;
  /** Indexes into the plan's actions, in canonical order. */
  readonly actions: readonly number[];
  /** Everything that was written must be on disk first: it may be the old content of what this wave overwrites. */
  readonly isOnDisk?: true;
}

/** Whether a step destroys something without replacing it at once: it waits until everything that was written is on disk. */
export function isDestructive(step: WaveStep): boolean {
  return step === 'deletes' || step === 'emptied';
}

/** The phase that is shown to users for each step. */
export const WAVE_PHASES: Readonly<Record<WaveStep, ApplyPhase>> = {
  renames: 'write',
  folders: 'write',
  parks: 'write',
  moves: 'write',
  writes: 'write',
  overwrites: 'write',
  exchanges: 'write',
  links: 'write',
  deletes: 'delete',
  emptied: 'delete',
  attrs: 'attrs',
  settle: 'attrs',
};

export interface WaveOptions extends TwinPolicy {
  /** Deletes come before writes, except the content of a folder that is replaced. */
  readonly deleteBefore?: boolean;
}

/** Splits the actions of a plan into waves, in the order in which they must be done. */
export function waves(actions: readonly Action[], options: WaveOptions): Wave[] {
  const {deleteBefore = false} = options;
  const overwrites = overwritesOf(actions, options);
  const {levels, aside} = overwrites;
  const isLate = new Set([...levels, aside, overwrites.links].flat());
  const paths = new OldPaths(actions);
  const order = paths.moves.length === 0 ? undefined : moveOrder(actions, paths);
  const renames = new Levels();
  const lateRenames = new Levels();
  const folders = new Levels();
  const writes: number[] = [];
  const links: number[] = [];
  const early = new Going();
  const making = new Going();
  const late = new Going();
  let replaced: RelPath | undefined;
  const attrs: number[] = [];
  const settle = new Levels();
  actions.forEach((action, i) => {
    const toFolder = action.after?.kind === 'directory';
    const isPlaced = order?.placed.has(i) ?? false;
    if (!isPlaced && spelledFrom(action) !== undefined) {
      (order !== undefined && isSpelledLate(action, actions, paths) ? lateRenames : renames).add(action, i);
    }
    if (toFolder) settle.add(action, i);
    if (action.before?.kind === 'directory' && action.after !== undefined && !toFolder) replaced = action.path;
    const isMaking = replaced !== undefined && isWithin(action.path, replaced);
    const {deletes, emptied} = isMaking ? making : deleteBefore ? early : late;
    switch (action.kind) {
      case 'mkdir':
        if (!isPlaced) folders.add(action, i);
        break;
      case 'replace':
      case 'link':
        if (toFolder && !isPlaced) folders.add(action, i);
        else if (!toFolder && !isLate.has(i)) (action.kind === 'link' ? links : writes).push(i);
        if (action.before?.kind === 'directory') emptied.add(action, i);
        break;
      case 'create':
      case 'update':
        if (!isLate.has(i)) writes.push(i);
        break;
      case 'attrs':
        if (!toFolder) attrs.push(i);
        break;
      case 'move':
        if (!toFolder && changesMetadata(action)) attrs.push(i);
        break;
      case 'delete':
        deletes.push(i);
        break;
      case 'rmdir':
        emptied.add(action, i);
        break;
      case 'blocked':
        break;
    }
  });
  const all: Wave[] = [
    ...renames.waves('renames'),
    ...(order?.waves ?? []),
    ...lateRenames.waves('renames'),
    ...early.waves(),
    ...folders.waves('folders'),
    {step: 'writes', actions: writes},
    ...levels.map((level): Wave => ({step: 'overwrites', actions: level, isOnDisk: true})),
    {step: 'exchanges', actions: aside},
    {step: 'links', actions: links},
    {step: 'links', actions: overwrites.links, isOnDisk: true},
    // A leaf that replaces a folder gets its place first, because other deletes may remove the same file under another name.
    ...making.waves(),
    ...late.waves(),
    {step: 'attrs', actions: attrs},
    ...settle.waves('settle').reverse(),
  ];
  return all.filter((wave) => wave.actions.length > 0);
}

/** Deletes: leaves, then folders with the deepest first. */
class Going {
  readonly deletes: number[] = [];
  readonly emptied = new Levels();

  waves(): Wave[] {
    return [{step: 'deletes', actions: this.deletes}, ...this.emptied.waves('emptied').reverse()];
  }
}

/** Whether a move also changes metadata. */
export function changesMetadata({reasons}: Move): boolean {
  return reasons.some((reason) => reason !== 'name');
}

/** Actions by the depth of their paths. */
class Levels {
  readonly #levels: number[][] = [];

  add(action: Action, index: number): void {
    const depth = pathDepth(action.path);
    this.#levels[depth] ??= [];
    this.#levels[depth].push(index);
  }

  /** One wave per depth, shallow first. */
  waves(step: WaveStep): Wave[] {
    return this.#levels.flatMap((actions) => (actions === undefined ? [] : [{step, actions}]));
  }
}
