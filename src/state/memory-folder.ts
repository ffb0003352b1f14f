/** The folder outside of all targets in which facts about them are remembered, and why it cannot be used. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {osPath} from '../core/name.js';
import {environment} from '../platform/environment.js';
import {errnoOf, orNothing} from '../platform/platform.js';
import {privileges} from '../platform/privileges.js';

/** Why nothing can be remembered, as the end of a sentence with "nothing can be remembered"; undefined if it seems possible. */
export function memoryFault(): string | undefined {
  const wanted = memoryFolder();
  if (wanted === undefined) return 'without an absolute path in HOME or XDG_STATE_HOME';
  const code = folderFault(wanted);
  return code && `in ${wanted} (${code})`;
}

function folderFault(wanted: string): string | undefined {
  for (let folder = wanted; ; folder = path.dirname(folder)) {
    try {
      fs.accessSync(osPath(folder), fs.constants.W_OK | fs.constants.X_OK);
      return isFull(folder) ? 'ENOSPC' : undefined;
    } catch (error) {
      const code = errnoOf(error);
      if (code !== 'ENOENT' || folder === path.dirname(folder)) return code;
    }
  }
}

function isFull(folder: string): boolean {
  const {blocks, bfree, bavail, files, ffree} = fs.statfsSync(osPath(folder));
  const free = privileges().usesReserve ? bfree : bavail;
  return (blocks > 0 && free === 0) || (files > 0 && ffree === 0);
}

/**
 * XDG Base Directory Specification: relative paths in the variable are ignored. So is a relative HOME, since it depends on the
 * current folder. Undefined if there is no such folder: a user may have no entry in passwd.
 */
export function memoryFolder(): string | undefined {
  const {XDG_STATE_HOME: xdg = '', HOME} = environment();
  if (path.isAbsolute(xdg)) return path.join(xdg, 'dirsync', 'targets');
  const own = HOME && !isKeptBySudo(HOME) ? HOME : passwdHome();
  return path.isAbsolute(own) ? path.join(own, '.local/state', 'dirsync', 'targets') : undefined;
}

/** Files that root makes in the home of the user who called sudo would be inaccessible to that user. */
function isKeptBySudo(home: string): boolean {
  const {SUDO_UID} = environment();
  if (SUDO_UID === undefined || process.geteuid?.() !== 0) return false;
  const stat = orNothing(() => fs.statSync(osPath(home)));
  return stat !== undefined && stat.uid !== 0;
}

function passwdHome(): string {
  try {
    return os.userInfo().homedir;
  } catch {
    return '';
  }
}
