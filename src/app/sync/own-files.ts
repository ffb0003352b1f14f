/** Files that runs write for monitoring: logs and metrics. They are not part of any tree. */
import {statSync} from 'node:fs';
import {basename, dirname, isAbsolute, join, relative} from 'node:path';
import {isFolder} from '../../config/expand.js';
import type {Settings} from '../../config/settings.js';
import {DirsyncError} from '../../core/errors.js';
import {escapeName} from '../../core/escape.js';
import type {LogSettings} from '../../core/log.js';
import {osPath} from '../../core/name.js';
import {absolutePath, realPath} from '../../platform/environment.js';
import {errnoOf} from '../../platform/platform.js';
import {escapePattern} from '../../scan/filter.js';

/**
 * Checks the folder of a log once, when a program starts. Later, a run continues without its log.
 * @throws DirsyncError LOG_UNWRITABLE or CURRENT_FOLDER if no log can be written there.
 */
export function checkLogPlace(log: LogSettings | undefined): void {
  if (log === undefined) return;
  absolutePath(log.file);
  const folder = dirname(log.file);
  const refuse = (why: string, hint: string) => new DirsyncError('LOG_UNWRITABLE', `${escapeName(log.file)}: ${why}`, hint);
  if (kindOf(log.file) === 'folder') throw refuse('it is a folder', 'name a file in it');
  const kind = kindOf(folder);
  if (kind === 'none')
    throw refuse(`the folder ${escapeName(folder)} does not exist`, 'create it, or check that its disk is mounted');
  if (kind === 'file' || kind === 'other') throw refuse(`${escapeName(folder)} is not a folder`, 'name a file in a folder');
}

/** Returns what exists at the path; undefined if that cannot be determined. */
function kindOf(path: string): 'none' | 'folder' | 'file' | 'other' | undefined {
  try {
    const stat = statSync(osPath(path));
    return stat.isDirectory() ? 'folder' : stat.isFile() ? 'file' : 'other';
  } catch (error) {
    return ['ENOENT', 'ENOTDIR'].includes(errnoOf(error)) ? 'none' : undefined;
  }
}

/** Returns absolute paths without symlinks: of files, whose names may get endings, and of folders. */
export function ownFiles({log, metrics}: Pick<Settings, 'log' | 'metrics'>): string[] {
  return [log?.file, metrics].flatMap((file) => (file === undefined ? [] : [placeOf(file)]));
}

/** Returns the resolved path of a file, which may not exist; the given path if its folder does not exist. */
function placeOf(file: string): string {
  try {
    return join(realPath(dirname(file)), basename(file));
  } catch {
    return file;
  }
}

/** Returns the path of a file, and where it leads to if it is a symlink. */
function placesOf(file: string): string[] {
  try {
    return [...new Set([placeOf(file), realPath(file)])];
  } catch {
    return [placeOf(file)];
  }
}

/** Returns patterns for a file that is written into the tree that it describes, and for its drafts. `root`: absolute. */
export function outInTree(file: string, root: string): readonly string[] {
  return ownIn([{what: 'snapshot', file, endings: ['', '.*.tmp']}], {folder: root}).patterns;
}

interface OwnFile {
  readonly what: string;
  readonly file: string;
  readonly endings: readonly string[];
}

interface Own {
  /** Patterns that match only these files and their rotated and temporary files. */
  readonly patterns: readonly string[];
  /** Warnings for a plan. Views escape them. */
  readonly warnings: readonly string[];
}

/** Returns patterns for own files inside the trees. Otherwise each run would copy or delete them again. `trees`: absolute paths. */
export function ownInTrees({log, metrics}: Settings, trees: {readonly source: string; readonly target: string}): Own {
  const isInFolder = metrics !== undefined && isFolder(metrics);
  const files = [
    ...(log === undefined ? [] : [{what: 'log', file: log.file, endings: ['', '.[0-9]*', '.lock']}]),
    ...(metrics === undefined
      ? []
      : [{what: 'metrics', file: metrics, endings: isInFolder ? ['/dirsync-*.prom*'] : ['', '.*.tmp']}]),
  ];
  return ownIn(files, trees);
}

function ownIn(files: readonly OwnFile[], trees: Readonly<Record<string, string>>): Own {
  const regular = files.filter(({file}) => kindOf(file) !== 'other');
  const found = regular.flatMap(({what, file, endings}) =>
    Object.entries(trees).flatMap(([side, root]) =>
      placesOf(file).flatMap((place) => {
        const path = isAbsolute(place) ? relative(root, place) : '..';
        if (path === '..' || path.startsWith('../')) return [];
        const at = path === '' ? '' : `/${escapePattern(path)}`;
        return [
          {
            patterns: endings.map((ending) => at + ending),
            warning: `the ${what} ${file} in the ${side} is left out of both trees`,
          },
        ];
      }),
    ),
  );
  return {patterns: found.flatMap(({patterns}) => patterns), warnings: [...new Set(found.map(({warning}) => warning))]};
}
