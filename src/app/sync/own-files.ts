/** Files that runs write for who watches them: logs and metrics. They are no part of a tree, and change none. */
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
 * Asked once, when a program starts: a run that is under way goes on without its log.
 * @throws DirsyncError LOG_UNWRITABLE or CURRENT_FOLDER where no log can be.
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

/** Undefined where that cannot be seen. */
function kindOf(path: string): 'none' | 'folder' | 'file' | 'other' | undefined {
  try {
    const stat = statSync(osPath(path));
    return stat.isDirectory() ? 'folder' : stat.isFile() ? 'file' : 'other';
  } catch (error) {
    return ['ENOENT', 'ENOTDIR'].includes(errnoOf(error)) ? 'none' : undefined;
  }
}

/** Absolute, without symlinks: files, to whose names more may be added, and folders. */
export function ownFiles({log, metrics}: Pick<Settings, 'log' | 'metrics'>): string[] {
  return [log?.file, metrics].flatMap((file) => (file === undefined ? [] : [placeOf(file)]));
}

/** Where a file is made, whether it is there or not; as it was given where its folder cannot be found. */
function placeOf(file: string): string {
  try {
    return join(realPath(dirname(file)), basename(file));
  } catch {
    return file;
  }
}

/** Also where a symlink leads to. */
function placesOf(file: string): string[] {
  try {
    return [...new Set([placeOf(file), realPath(file)])];
  } catch {
    return [placeOf(file)];
  }
}

interface Own {
  /** They match these files with all that is made beside them, and nothing else. */
  readonly patterns: readonly string[];
  /** As warnings of a plan, which views escape. */
  readonly warnings: readonly string[];
}

/**
 * Those that lie in the trees, whose absolute paths these are: copied or deleted, they would be another thing to do in each run.
 */
export function ownInTrees({log, metrics}: Settings, trees: {readonly source: string; readonly target: string}): Own {
  const isInFolder = metrics !== undefined && isFolder(metrics);
  const files = [
    ...(log === undefined ? [] : [{what: 'log', file: log.file, endings: ['', '.[0-9]*', '.lock']}]),
    ...(metrics === undefined
      ? []
      : [{what: 'metrics', file: metrics, endings: isInFolder ? ['/dirsync-*.prom*'] : ['', '.*.tmp']}]),
  ].filter(({file}) => kindOf(file) !== 'other');
  const found = files.flatMap(({what, file, endings}) =>
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
