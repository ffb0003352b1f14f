/** Summarizes the changes of a large plan by folder, in a readable number of lines. The largest folders are opened first. */
import {type Action, isUpkeep, volumeOf} from '../../core/action.js';
import {comparePaths, parentPath, type RelPath} from '../../core/path.js';
import {FolderTree} from './folder-tree.js';
import {GLYPHS} from './words.js';

/** The changes in a folder, by kind. */
export interface FolderTotals {
  readonly path: RelPath;
  /** Whether the folders below have their own lines, so that this line counts only its direct content. */
  readonly opened: boolean;
  readonly changes: number;
  /** Changes by their glyph. */
  readonly glyphs: Readonly<Record<string, number>>;
  /** As `volumeOf` counts them. */
  readonly bytes: number;
}

interface Totals {
  changes: number;
  bytes: number;
  readonly glyphs: Record<string, number>;
}

interface Folder {
  readonly path: RelPath;
  readonly parent: Folder | undefined;
  readonly children: Folder[];
  /** Totals of its direct content. */
  readonly own: Totals;
  /** `own` and everything below. */
  readonly all: Totals;
}

/** Returns the folders with changes, largest first: about `lines` of them, or more if one folder contains that many. */
export function foldersOf(actions: readonly Action[], lines: number): FolderTotals[] {
  const shown: FolderTotals[] = [];
  let open = [folderTree(actions)];
  while (open.length > 0) {
    open.sort((a, b) => b.all.changes - a.all.changes);
    const folder = open.shift() as Folder;
    const parts = folder.children.length + (folder.own.changes > 0 ? 1 : 0);
    const others = shown.length + open.length;
    // A single line would say nothing, so it is always opened.
    if (folder.children.length > 0 && (others === 0 || others + parts <= lines)) {
      open = [...open, ...folder.children];
      if (folder.own.changes > 0) shown.push({path: folder.path, opened: true, ...folder.own});
    } else {
      shown.push({path: folder.path, opened: false, ...folder.all});
    }
    if (shown.length + open.length > lines) {
      shown.push(...open.map(({path, all}) => ({path, opened: false, ...all})));
      break;
    }
  }
  return shown.sort((a, b) => b.changes - a.changes || comparePaths(a.path, b.path));
}

function folderTree(actions: readonly Action[]): Folder {
  const tree = new FolderTree(newFolder);
  for (const action of actions) {
    if (isUpkeep(action)) continue;
    const folder = tree.at(folderOf(action));
    const glyph = GLYPHS[action.kind];
    folder.own.changes++;
    folder.own.bytes += volumeOf(action);
    folder.own.glyphs[glyph] = (folder.own.glyphs[glyph] ?? 0) + 1;
  }
  for (const folder of tree.upwards()) {
    add(folder.all, folder.own);
    if (folder.parent) add(folder.parent.all, folder.all);
  }
  return tree.root;
}

/** A folder's own action is counted in that folder; other actions are counted in their parent folder. */
function folderOf({path, before, after}: Action): RelPath {
  return (after ?? before)?.kind === 'directory' ? path : parentPath(path);
}

function newFolder(path: RelPath, parent: Folder | undefined): Folder {
  const none = (): Totals => ({changes: 0, bytes: 0, glyphs: {}});
  const folder = {path, parent, children: [], own: none(), all: none()};
  parent?.children.push(folder);
  return folder;
}

function add(sum: Totals, part: Totals): void {
  sum.changes += part.changes;
  sum.bytes += part.bytes;
  for (const [glyph, count] of Object.entries(part.glyphs)) sum.glyphs[glyph] = (sum.glyphs[glyph] ?? 0) + count;
}
