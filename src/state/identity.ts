/** The target's own id, in `.dirsync/id.json`: by it a target is known again, wherever it is mounted. */
import {randomUUID} from 'node:crypto';
import type {Folder, Platform} from '../platform/platform.js';
import {NAMES, readNote, writeNote} from './folder.js';

const ID = /^[0-9a-f-]{36}$/;

/** Undefined for a target that no run has changed yet. */
export function readTargetId(platform: Platform, root: Folder): string | undefined {
  const note = readNote(platform, root, NAMES.id);
  const id = typeof note === 'object' && note !== null && 'id' in note ? note.id : undefined;
  return typeof id === 'string' && ID.test(id) ? id : undefined;
}

/** Gives the target an id, unless it has one. */
export function ensureTargetId(platform: Platform, root: Folder): void {
  if (readTargetId(platform, root) === undefined) writeNote(platform, root, NAMES.id, {id: randomUUID()});
}
