/** The content of open files, with node:fs: read in pieces, compared, copied, and copied while it grows. */
import fs from 'node:fs';
import {emptyStat} from '../core/block.js';
import {CATCH_UPS, type CompareOptions, type Grown, type Pace} from './platform.js';
import {fill} from './portable-stat.js';

const PIECE = Buffer.allocUnsafeSlow(512 * 1024);
const OTHER = Buffer.allocUnsafeSlow(512 * 1024);

/** Reads from the current position, or from a given one. */
export function readFully(file: number, into: Buffer, from?: number): number {
  let filled = 0;
  while (filled < into.length) {
    const got = fs.readSync(file, into, filled, into.length - filled, from === undefined ? null : from + filled);
    if (got === 0) break;
    filled += got;
  }
  return filled;
}

/** The next piece from the current position; empty at the end. */
export function readPiece(file: number, limit: number): Uint8Array {
  const got = fs.readSync(file, PIECE, 0, Math.min(limit, PIECE.length), null);
  return Buffer.from(PIECE.subarray(0, got));
}

/** See `Platform.readAt`. */
export function readPart(file: number, offset: number, length: number): Uint8Array {
  const part = Buffer.allocUnsafeSlow(length);
  return part.subarray(0, readFully(file, part, offset));
}

interface Comparing extends Pick<CompareOptions, 'goOn'> {
  readonly pace: Pace;
}

/** Compares the content of two files from their current positions. */
export function isSameContent(one: number, two: number, {goOn, pace}: Comparing): boolean {
  for (;;) {
    if (!goOn()) return false;
    const most = Math.min(PIECE.length, pace.piece);
    const got = readFully(one, PIECE.subarray(0, most));
    if (got !== readFully(two, OTHER.subarray(0, most)) || !pace.spend(got)) return false;
    if (PIECE.compare(OTHER, 0, got, 0, got) !== 0) return false;
    if (got < most) return true;
  }
}

/** Returns whether a file was not written to between two stats. */
export function isSameVersion(a: fs.BigIntStats, b: fs.BigIntStats): boolean {
  return a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs;
}

interface CatchUpOptions {
  readonly source: number;
  readonly copy: number;
  /** The source's when it was opened. */
  readonly from: fs.BigIntStats;
  readonly onBytes: (bytes: number) => boolean;
  readonly pace: Pace;
}

/** Does the same as PosixContent, for the same reasons. */
export function catchUp({source, copy, from, onBytes, pace}: CatchUpOptions): Grown | 'changed' | 'stopped' {
  let now = from;
  let copied = 0;
  for (let round = 0; round < CATCH_UPS; round++) {
    now = fs.fstatSync(source, {bigint: true});
    copied = fs.fstatSync(copy).size;
    if (now.size <= from.size || now.size < copied) return 'changed';
    while (copied < now.size) {
      const got = fs.readSync(source, PIECE, 0, Math.min(PIECE.length, pace.piece, Number(now.size) - copied), copied);
      if (got === 0) return 'changed';
      for (let done = 0; done < got; ) done += fs.writeSync(copy, PIECE, done, got - done, copied + done);
      copied += got;
      if (!(onBytes(got) && pace.spend(got))) return 'stopped';
    }
    if (isSameVersion(now, fs.fstatSync(source, {bigint: true}))) break;
  }
  for (let at = 0; at < copied; ) {
    if (!onBytes(0)) return 'stopped';
    const most = Math.min(PIECE.length, pace.piece, copied - at);
    const [one, two] = [PIECE.subarray(0, most), OTHER.subarray(0, most)];
    if (readFully(source, one, at) !== most || readFully(copy, two, at) !== most || !one.equals(two)) return 'changed';
    if (!pace.spend(most)) return 'stopped';
    at += most;
  }
  const grown = emptyStat();
  fill(grown, now);
  return {grown};
}

interface ContentOptions {
  readonly source: number;
  readonly copy: number;
  readonly size: number;
  readonly onBytes: (bytes: number) => boolean;
  readonly pace: Pace;
}

/** `longer`, `shorter`: the source has more or less content than its size. */
export function copyContent({source, copy, size, onBytes, pace}: ContentOptions): 'copied' | 'longer' | 'shorter' | 'stopped' {
  let copied = 0;
  for (;;) {
    const got = fs.readSync(source, PIECE, 0, Math.min(PIECE.length, pace.piece), null);
    for (let done = 0; done < got; ) done += fs.writeSync(copy, PIECE, done, got - done);
    copied += got;
    if (got > 0 && !(onBytes(got) && pace.spend(got))) return 'stopped';
    if (copied > size) return 'longer';
    if (copied === size || got === 0) return copied === size ? 'copied' : 'shorter';
  }
}
