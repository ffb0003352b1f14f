/** The target's own id, in `.dirsync/id.json`. It identifies a target wherever it is mounted. */
import {randomUUID} from 'node:crypto';
import type {Folder, Platform} from '../platform/platform.js';
import {NAMES, readNote, removeNote, writeNote} from './folder.js';

const ID = /^[0-9a-f-]{36}$/;

/** A target's id. */
export interface TargetId {
  /** Undefined if no run has changed the target yet. */
  readonly id?: string;
  /** Why the file is not valid. */
  readonly fault?: string;
}

/** Reads the target's id. */
export function readTargetId(platform: Platform, root: Folder): TargetId {
  const note = readNote(platform, root, NAMES.id);
  if (note === undefined) return {};
  if (note.fault !== undefined) return {fault: note.fault};
  const {value} = note;
  const id = typeof value === 'object' && value !== null && 'id' in value ? value.id : undefined;
  return typeof id === 'string' && ID.test(id) ? {id} : {fault: 'it contains no id'};
}

/** Gives the target an id unless it has one. An invalid one is replaced, since a guard has asked before. */
export function ensureTargetId(platform: Platform, root: Folder): void {
  const {id, fault} = readTargetId(platform, root);
  if (id !== undefined) return;
  if (fault !== undefined) removeNote(platform, root, NAMES.id);
  writeNote(platform, root, NAMES.id, {id: randomUUID()});
}
