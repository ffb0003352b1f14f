/**
 * The order in which a plan's actions are done. Within a wave they may run in parallel; a wave starts when the one before it
 * has ended. An action may have steps in several waves: a new folder is made first and gets its attributes last.
 */
import {type Action, fromOf, type Move} from '../core/action.js';
import type {ApplyPhase} from '../core/event.js';
import {isWithin, pathDepth, type RelPath} from '../core/path.js';
import {overwritesOf} from './overwrites.js';
import type {TwinPolicy} from './twins.js';

export type WaveStep =
  /** What the target has under another name gets its own, folders before what is in them. All that follows goes by these names. */
  | 'renames'
  /** Folders are made, parents first. */
  | 'folders'
  /** Files and symlinks are written. What replaces a folder waits in staging until that folder is empty. */
  | 'writes'
  /** Files are written over whose old content may be what was written before, under another name. */
  | 'overwrites'
  /** The same where each waits for the other: what was there is set aside. */
  | 'exchanges'
  | 'links'
  /** Everything written is on disk from here on. Leaves are deleted. */
  | 'deletes'
  /** Folders that are empty now go, children first, or give their place to what replaces them. */
  | 'emptied'
  /** Metadata of leaves. After the deletes: two names of one file share their metadata. */
  | 'attrs'
  /** Metadata of folders, deepest first, when nothing in them changes any more. */
  | 'settle';

export interface Wave {
  readonly step: WaveStep;
  /** Indexes into the plan's actions, in canonical order. */
  readonly actions: readonly number[];
  /** All that was written is on disk first: it may be what this writes over, under another name. */
  readonly isOnDisk?: true;
}

/** The steps that destroy something that nothing replaces at once: they wait until all that was written is on disk. */
export function isDestructive(step: WaveStep): boolean {
  return step === 'deletes' || step === 'emptied';
}

/** What a wave's steps are to a person. */
export const WAVE_PHASES: Readonly<Record<WaveStep, ApplyPhase>> = {
  renames: 'write',
  folders: 'write',
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
  /** What the source has not got goes before anything is written; but what is in a folder that is replaced goes with it. */
  readonly deleteBefore?: boolean;
}

export function waves(actions: readonly Action[], options: WaveOptions): Wave[] {
  const {deleteBefore = false} = options;
  const overwrites = overwritesOf(actions, options);
  const {levels, aside} = overwrites;
  const isLate = new Set([...levels, aside, overwrites.links].flat());
  const renames = new Levels();
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
    if (fromOf(action) !== undefined) renames.add(action, i);
    if (toFolder) settle.add(action, i);
    if (action.before?.kind === 'directory' && action.after !== undefined && !toFolder) replaced = action.path;
    const isMaking = replaced !== undefined && isWithin(action.path, replaced);
    const {deletes, emptied} = isMaking ? making : deleteBefore ? early : late;
    switch (action.kind) {
      case 'mkdir':
        folders.add(action, i);
        break;
      case 'replace':
      case 'link':
        if (toFolder) folders.add(action, i);
        else if (!isLate.has(i)) (action.kind === 'link' ? links : writes).push(i);
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
    ...early.waves(),
    ...folders.waves('folders'),
    {step: 'writes', actions: writes},
    ...levels.map((level): Wave => ({step: 'overwrites', actions: level, isOnDisk: true})),
    {step: 'exchanges', actions: aside},
    {step: 'links', actions: links},
    {step: 'links', actions: overwrites.links, isOnDisk: true},
    // What is written is whole only when it has its place, and what else goes may be the same file under another name.
    ...making.waves(),
    ...late.waves(),
    {step: 'attrs', actions: attrs},
    ...settle.waves('settle').reverse(),
  ];
  return all.filter((wave) => wave.actions.length > 0);
}

/** What goes: leaves, then folders with the deepest first. */
class Going {
  readonly deletes: number[] = [];
  readonly emptied = new Levels();

  waves(): Wave[] {
    return [{step: 'deletes', actions: this.deletes}, ...this.emptied.waves('emptied').reverse()];
  }
}

/** Whether more is to be done than to rename it. */
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

  /** One wave a depth, shallow first. */
  waves(step: WaveStep): Wave[] {
    return this.#levels.flatMap((actions) => (actions === undefined ? [] : [{step, actions}]));
  }
}
