/**
 * Finds hard links: which files of the source are one file with several names, and whether they are one file in the target. The
 * first path of a group in canonical order is the leader and is planned like any file; the others are links to it. Only files with
 * several names are stored, so memory grows with their number.
 */
import type {RelPath} from '../core/path.js';

/** A file's identity within one scan; undefined for a file with only one name. */
export type LinkKey = string | undefined;

/** What to do with a path because of hard links, in addition to its content and metadata. */
export type LinkStep =
  /** Nothing: it has one name, or is the leader. */
  | {readonly type: 'own'}
  /** The target's file also has another name, which must not change with this one, so it is written as a new file. */
  | {readonly type: 'part'}
  /** It is already the same file as its leader in both trees. */
  | {readonly type: 'linked'}
  | {readonly type: 'link'; readonly leader: RelPath};

interface Leader {
  readonly path: RelPath;
  /** The target's file that stays at the leader's path; undefined if a new file is written. */
  target: LinkKey;
}

/** The hard links that one comparison has found. */
export class HardLinks {
  readonly #leaders = new Map<string, Leader>();
  /** Which source file keeps each file of the target that has several names. */
  readonly #keepers = new Map<string, string>();

  /** To be called for each file of the source in canonical order; `target`: its key if the target has a file there too. */
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

  /** Records that the target's file stays at this path: at most its metadata is changed. */
  keep(path: RelPath, source: LinkKey, target: LinkKey): void {
    if (target === undefined) return;
    this.#keepers.set(target, source ?? `path:${path}`);
    const leader = source === undefined ? undefined : this.#leaders.get(source);
    if (leader?.path === path) leader.target = target;
  }
}
