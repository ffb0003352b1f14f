/** The target's own id, in `.dirsync/id.json`: by it a target is known again, wherever it is mounted. */
import {randomUUID} from 'node:crypto';
import type {Folder, Platform} from '../platform/platform.js';
import {NAMES, readNote, removeNote, writeNote} from './folder.js';

const ID = /^[0-9a-f-]{36}$/;

export interface TargetId {
  /** Undefined for a target that no run has changed yet. */
  readonly id?: string;
  /** Why what is there cannot be understood. */
  readonly fault?: string;
}

export function readTargetId(platform: Platform, root: Folder): TargetId {
  const note = readNote(platform, root, NAMES.id);
  if (note === undefined) return {};
  if (note.fault !== undefined) return {fault: note.fault};
  const {value} = note;
  const id = typeof value === 'object' && value !== null && 'id' in value ? value.id : undefined;
  return typeof id === 'string' && ID.test(id) ? {id} : {fault: 'it holds no id'};
}

/** Gives the target an id, unless it has one. One that cannot be understood is replaced: a guard has asked before. */
export function ensureTargetId(platform: Platform, root: Folder): void {
  const {id, fault} = readTargetId(platform, root);
  if (id !== undefined) return;
  if (fault !== undefined) removeNote(platform, root, NAMES.id);
  writeNote(platform, root, NAMES.id, {id: randomUUID()});
}
