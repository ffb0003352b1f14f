/**
 * Folders of the target that are opened up to their owner while a run works in them: known with the modes that they had, noted in
 * `.dirsync` before it is done, and closed in the end, however the run ends. After a kill the next run closes them.
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

export class OpenedFolders {
  readonly modes: Map<RelPath, number>;

  /** With those that killed runs left open; nothing is changed. */
  constructor(
    private readonly platform: Platform,
    private readonly root: Folder,
    /** Told of each, in the order in which they become known. */
    private readonly log: Opened[],
  ) {
    this.modes = foldersLeftOpen(platform, root);
    for (const [path, mode] of this.modes) log.push({path, mode});
  }

  /** Who opens a folder that was open already saw it so: the first mode counts. */
  add(path: RelPath, mode: number): void {
    if (this.modes.has(path)) return;
    this.modes.set(path, mode);
    this.log.push({path, mode});
  }

  /**
   * Opens the root itself; false where that is of no use. Nothing can be noted before, as there may be no `.dirsync`: a kill right
   * here leaves it open, and the next plan shows it.
   */
  openRoot(): boolean {
    const now = entryAtPlace(this.platform, {folder: this.root, name: SELF}, NO_XATTRS);
    if (now === undefined || now.uid !== process.geteuid?.() || now.mode === openMode(now.mode)) return false;
    this.platform.setAttributes(this.root, SELF, CODE.directory, {mode: openMode(now.mode)});
    this.add(ROOT, now.mode);
    return true;
  }

  /** Notes them as this run's to close, before the notes of killed ones go. */
  note(runId: string): void {
    if (this.modes.size > 0) noteOpened({platform: this.platform, root: this.root, runId, modes: this.modes});
  }

  /**
   * Gives each the mode that it is to have: `settled` are the actions whose modes were set. One that the source has open as well
   * stays so: a killed run may have settled it, and then no plan has it any more. What stays open otherwise is a problem.
   */
  close(settled: readonly Action[], source?: Cursor): Problem[] {
    const problems: Problem[] = [];
    const modes = new Map(settled.flatMap(({path, after}) => (after && this.modes.has(path) ? [[path, after.mode]] : [])));
    const target = new Cursor(this.platform, this.root);
    // What is in a folder is closed before the folder.
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
