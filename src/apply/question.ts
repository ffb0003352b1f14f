/** Questions about paths of both trees that a worker answers without changing anything. */
import process from 'node:process';
import {Blake3Hasher} from '@napi-rs/blake-hash';
import {CODE, emptyStat, inodeOf, type Stat} from '../core/block.js';
import type {ByteName} from '../core/name.js';
import type {RelPath} from '../core/path.js';
import {type Problem, problem, type Side} from '../core/problem.js';
import {platform} from '../platform/choose.js';
import {Cursor} from '../platform/cursor.js';
import {errnoOf, type Folder, type Pace, type Platform, type View} from '../platform/platform.js';
import {openTree} from '../platform/roots.js';
import {inSource} from './check.js';
import {problemOf} from './step.js';

/** One question about several paths. */
export interface QuestionTask {
  readonly type: 'question';
  /**
   * `content`: whether the two files at each path have the same content. `allocated`: bytes on disk of the source's and of the
   * target's file at each path. `refused`: the errno name with which each folder of the target refuses changes. `digest`: the
   * BLAKE3 of the source's file at each path, as `Digested`.
   */
  readonly question: 'content' | 'allocated' | 'refused' | 'digest';
  readonly paths: readonly RelPath[];
  /** For `content`: the paths in the target. */
  readonly inTarget: readonly RelPath[];
  /** Undefined if there is none. */
  readonly source: ByteName | undefined;
  readonly target: ByteName | undefined;
  readonly views: Readonly<Record<Side, View>>;
}

/** The BLAKE3 of a file's content, with what identifies the version that was read. */
export interface Digested {
  readonly digest: Uint8Array;
  readonly inode: bigint;
  readonly size: number;
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** Both trees, open while questions are answered. */
interface Trees {
  readonly platform: Platform;
  readonly source: Cursor | undefined;
  readonly target: Cursor | undefined;
  /** False if the run must stop. */
  readonly goOn: () => boolean;
  readonly pace: Pace;
}

/** Returns one answer per path, in the same order. @throws SystemError if a root cannot be opened. */
export function answer(
  {question, paths, inTarget, source, target, views}: QuestionTask,
  {goOn, pace}: Pick<Trees, 'goOn' | 'pace'>,
): unknown[] {
  const fs = platform();
  const roots: Folder[] = [];
  const cursor = (path: ByteName | undefined, side: Side) => {
    if (path === undefined) return undefined;
    const root = openTree(path, views[side]);
    roots.push(root);
    return new Cursor(fs, root);
  };
  let trees: Trees | undefined;
  try {
    trees = {platform: fs, source: inSource(() => cursor(source, 'source')), target: cursor(target, 'target'), goOn, pace};
    const {[question]: ask} = QUESTIONS;
    return paths.map((path, i) => ask(path, trees as Trees, inTarget[i] as RelPath));
  } finally {
    for (const each of [trees?.source, trees?.target]) each?.reset();
    for (const root of roots) fs.close(root);
  }
}

const QUESTIONS: Readonly<Record<QuestionTask['question'], (path: RelPath, trees: Trees, inTarget: RelPath) => unknown>> = {
  content: sameContent,
  allocated,
  refused,
  digest,
};

function sameContent(path: RelPath, {platform: fs, source, target, goOn, pace}: Trees, inTarget: RelPath): boolean | Problem {
  try {
    const from = (source as Cursor).place(path);
    const to = (target as Cursor).place(inTarget);
    return fs.sameContent({a: from.folder, aName: from.name, b: to.folder, bName: to.name, goOn, pace});
  } catch (error) {
    return problemOf(error, {path, side: 'source', phase: 'plan'});
  }
}

/** Bytes on disk [in the source, in the target]; 0 if the file does not exist or cannot be reached. */
function allocated(path: RelPath, {platform: fs, source, target}: Trees, inTarget: RelPath): readonly [number, number] {
  const bytes = (cursor: Cursor | undefined, at: RelPath) => {
    try {
      const place = cursor?.find(at);
      return place === undefined ? 0 : fs.bytesOnDisk(place.folder, place.name);
    } catch (error) {
      errnoOf(error);
      return 0;
    }
  };
  return [bytes(source, path), bytes(target, inTarget)];
}

/**
 * The errno name with which a folder of the target refuses changes; undefined if it does not, or if this user can open it
 * temporarily.
 */
function refused(path: RelPath, {platform: fs, target}: Trees): string | undefined {
  // The target was created since the plan was made; such a plan is refused elsewhere.
  if (target === undefined) return undefined;
  try {
    const folder = target.folder(path);
    const code = fs.refusesNames(folder);
    if (code !== 'EACCES') return code;
    const stat = emptyStat();
    return fs.stat(folder, '' as ByteName, stat) && stat.uid === process.geteuid?.() ? undefined : code;
  } catch (error) {
    // It is gone, or is not a folder: its own actions will report that.
    const code = errnoOf(error);
    return code === 'EACCES' ? code : undefined;
  }
}

/** Bytes that are read at once. */
const PIECE = 1 << 20;

/** A file that is written to meanwhile is a problem: its digest would be of no version. */
function digest(path: RelPath, {platform: fs, source, goOn, pace}: Trees): Digested | Problem {
  const at = {path, side: 'source', phase: 'scan'} as const;
  try {
    const {folder, name} = (source as Cursor).place(path);
    const [before, after] = [emptyStat(), emptyStat()];
    const hash = new Blake3Hasher();
    if (!fs.stat(folder, name, before) || before.code !== CODE.file) return problem({...at, code: 'CHANGED_DURING_READ'});
    const file = fs.openFile(folder, name);
    try {
      for (;;) {
        const bytes = fs.readNext(file, Math.min(PIECE, pace.piece));
        if (bytes.length === 0) break;
        hash.update(bytes);
        // The run is stopped, so nobody reads this answer.
        if (!pace.spend(bytes.length) || !goOn()) return problem({...at, code: 'CHANGED_DURING_READ'});
      }
    } finally {
      fs.close(file);
    }
    if (!fs.stat(folder, name, after) || !isSameVersion(before, after)) return problem({...at, code: 'CHANGED_DURING_READ'});
    const {size, seconds, nanoseconds} = after;
    return {digest: hash.digestBuffer(), inode: inodeOf(after), size, seconds, nanoseconds};
  } catch (error) {
    return problemOf(error, at);
  }
}

function isSameVersion(a: Stat, b: Stat): boolean {
  return (
    inodeOf(a) === inodeOf(b) &&
    a.size === b.size &&
    a.seconds === b.seconds &&
    a.nanoseconds === b.nanoseconds &&
    a.changeSeconds === b.changeSeconds &&
    a.changeNanoseconds === b.changeNanoseconds
  );
}
