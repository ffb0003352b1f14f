/**
 * Which files of the source are one file with several names, and whether the target has them so. The first path of a group, in
 * canonical order, leads: it is planned like any file, the others are links to it. Only files with more than one name come
 * here, so memory grows with their number.
 */
import type {RelPath} from '../core/path.js';

/** A file's identity within one scan, or undefined for a file with one name only. */
export type LinkKey = string | undefined;

/** What is to be done with a path beside what its content and metadata ask for. */
export type LinkStep =
  /** Nothing: it stands by itself, or leads its group. */
  | {readonly type: 'own'}
  /** The target's file is also another path's, which must not change with this one: it is written anew. */
  | {readonly type: 'part'}
  /** It is the same file as `leader` in both trees already. */
  | {readonly type: 'linked'}
  | {readonly type: 'link'; readonly leader: RelPath};

interface Leader {
  readonly path: RelPath;
  /** The target's file that stays at the leader's path; undefined when it is made anew. */
  target: LinkKey;
}

export class HardLinks {
  readonly #leaders = new Map<string, Leader>();
  /** Which source file keeps a file of the target that has several names. */
  readonly #keepers = new Map<string, string>();

  /** Asked for each path that is a file in the source, in canonical order; `target` when it is one in the target too. */
  step(path: RelPath, source: LinkKey, target: LinkKey): LinkStep {
    const leader = source === undefined ? undefined : this.#leaders.get(source);
    if (leader !== undefined) {
      if (target !== undefined && leader.target === target) return {type: 'linked'};
      return {type: 'link', leader: leader.path};
    }
    if (source !== undefined) this.#leaders.set(source, {path, target: undefined});
    const keeper = source ?? `path:${path}`;
    if (target !== undefined && (this.#keepers.get(target) ?? keeper) !== keeper) return {type: 'part'};
    return {type: 'own'};
  }

  /** Says that the target's file stays at this path: nothing or its metadata alone is changed. */
  keep(path: RelPath, source: LinkKey, target: LinkKey): void {
    if (target === undefined) return;
    this.#keepers.set(target, source ?? `path:${path}`);
    const leader = source === undefined ? undefined : this.#leaders.get(source);
    if (leader?.path === path) leader.target = target;
  }
}
