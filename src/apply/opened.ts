/**
 * Folders of the target to which a run temporarily gives their owner all rights. Their original modes are noted in `.dirsync` first
 * and are restored at the end, however the run ends. After a kill the next run restores them.
 */
import process from 'node:process';
import type {Action} from '../core/action.js';
import {CODE} from '../core/block.js';
import {type RelPath, ROOT} from '../core/path.js';
import {type Problem, problem} from '../core/problem.js';
import {Cursor} from '../platform/cursor.js';
import {errnoOf, type Folder, type Platform} from '../platform/platform.js';
import {foldersLeftOpen, noteOpened} from '../state/staging.js';
import type {Opened} from '../state/traces.js';
import {entryAtPlace, lookAt, NO_XATTRS, openMode, SELF} from './check.js';

/** The folders that are temporarily opened, with their original modes. */
export class OpenedFolders {
  readonly modes: Map<RelPath, number>;

  /** Starts with the folders that killed runs left open; nothing is changed. */
  constructor(
    private readonly platform: Platform,
    private readonly root: Folder,
    /** Called with each folder, in the order in which they become known. */
    private readonly log: Opened[],
  ) {
    this.modes = foldersLeftOpen(platform, root);
    for (const [path, mode] of this.modes) log.push({path, mode});
  }

  /** If a folder was already open, only its first noted mode is the original one. */
  add(path: RelPath, mode: number): void {
    if (this.modes.has(path)) return;
    this.modes.set(path, mode);
    this.log.push({path, mode});
  }

  /**
   * Opens the root itself; false if that does not help. It cannot be noted first, since there may be no `.dirsync` yet: after a
   * kill at this moment it stays open, and the next plan shows that.
   */
  openRoot(): boolean {
    const now = entryAtPlace(this.platform, {folder: this.root, name: SELF}, NO_XATTRS);
    if (now === undefined || now.uid !== process.geteuid?.() || now.mode === openMode(now.mode)) return false;
    this.platform.setAttributes(this.root, SELF, CODE.directory, {mode: openMode(now.mode)});
    this.add(ROOT, now.mode);
    return true;
  }

  /** Notes that this run must restore them, before the notes of killed runs are removed. */
  note(runId: string): void {
    if (this.modes.size > 0) noteOpened({platform: this.platform, root: this.root, runId, modes: this.modes});
  }

  /**
   * Sets the final mode of each: `settled` are the actions whose modes were set. A folder with the same open mode in the source
   * stays open, since a killed run may have set it and no plan contains it any more. Any other folder that stays open is a problem.
   */
  close(settled: readonly Action[], source?: Cursor): Problem[] {
    const problems: Problem[] = [];
    const modes = new Map(settled.flatMap(({path, after}) => (after && this.modes.has(path) ? [[path, after.mode]] : [])));
    const target = new Cursor(this.platform, this.root);
    // The content of a folder is restored before the folder itself.
    for (const [path, closed] of [...this.modes].sort(([a], [b]) => b.length - a.length)) {
      try {
        const mode = modes.get(path) ?? closed;
        const place = target.find(path);
        const now = place && entryAtPlace(this.platform, place, NO_XATTRS);
        const isOpen = now?.kind === 'directory' && now.mode === openMode(closed) && now.mode !== mode;
        if (place && isOpen && (modes.has(path) || lookAt(this.platform, source, path, NO_XATTRS)?.mode !== now.mode))
          this.platform.setAttributes(place.folder, place.name, CODE.directory, {mode});
      } catch (error) {
        problems.push(problem({path, side: 'target', phase: 'attrs', code: errnoOf(error)}));
      }
    }
    target.reset();
    this.modes.clear();
    return problems;
  }
}
