/**
 * The journal of a run: NDJSON that grows while the run works. It has a header line, a line for each outcome and each problem in
 * the order in which they occur (for a folder, when its attributes are set), and a last line with the end. The journal of a killed
 * run has no end, and an incomplete last line is ignored. Input is not trusted: every line is checked.
 */
import fs from 'node:fs';
import {DirsyncError, type ErrorCode, MORE_MEMORY} from '../core/errors.js';
import {escapeName} from '../core/escape.js';
import {osPath} from '../core/name.js';
import type {Problem} from '../core/problem.js';
import type {RunEnd, RunHeader, RunStep} from '../core/run.js';
import {decodeProblem, encodeProblem} from './json.js';
import {Lines} from './lines.js';
import {heapFault} from './memory.js';
import {decodeRunEnd, decodeRunHeader, decodeRunStep, encodeRunEnd, encodeRunHeader, encodeRunStep} from './run-json.js';
import {excerpt, FormatError, HostilePathError} from './shapes.js';
import {isSystemError} from './system-error.js';

const FORMAT = 1;

const CHUNK = 1 << 18;
const HEADER_START = '{"dirsync":"run"';
const PROBLEM_START = '{"problem":';
const END_START = '{"end":';

/** One decoded line of a journal. */
export type JournalLine =
  | {readonly type: 'header'; readonly header: RunHeader}
  | {readonly type: 'step'; readonly step: RunStep}
  | {readonly type: 'problem'; readonly problem: Problem}
  | {readonly type: 'end'; readonly end: RunEnd};

/** Encodes a line, with its newline. */
export function encodeJournalLine(line: JournalLine): string {
  switch (line.type) {
    case 'header':
      return `${JSON.stringify({dirsync: 'run', format: FORMAT, ...encodeRunHeader(line.header)})}\n`;
    case 'step': {
      const {kind, path, from, moved, targetDrift, status, bytes} = line.step;
      if ((from ?? moved ?? targetDrift) !== undefined) return `${JSON.stringify(encodeRunStep(line.step))}\n`;
      // Performance: there is one per other change, and JSON.stringify of an object takes three times as long (bench: copy-memory).
      return `{"kind":"${kind}","path":${JSON.stringify(path)},"status":"${status}","bytes":${bytes}}\n`;
    }
    case 'problem':
      return `${JSON.stringify({problem: encodeProblem(line.problem)})}\n`;
    case 'end':
      return `${JSON.stringify({end: encodeRunEnd(line.end)})}\n`;
  }
}

/** Whether this is a regular file that begins like a journal; false if it cannot be read. */
export function isJournalFile(file: string): boolean {
  if (!fs.statSync(osPath(file), {throwIfNoEntry: false})?.isFile()) return false;
  try {
    const [first] = pieces(file, HEADER_START.length);
    return first?.toString('latin1') === HEADER_START;
  } catch (error) {
    if (isSystemError(error)) return false;
    throw error;
  }
}

/** Reads the lines of a journal. @throws DirsyncError JOURNAL_UNREADABLE, or as `decodeJournal` does. */
export function* readJournalFile(file: string): Generator<JournalLine, void, undefined> {
  try {
    yield* decodeJournal(pieces(file, CHUNK), escapeName(file));
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new DirsyncError('JOURNAL_UNREADABLE', `${escapeName(file)} (${error.code})`, 'check the path and its permissions', {
      cause: error,
    });
  }
}

function* pieces(file: string, bytes: number): Generator<Buffer, void, undefined> {
  const opened = fs.openSync(osPath(file), 'r');
  try {
    for (;;) {
      const piece = Buffer.allocUnsafe(bytes);
      const got = fs.readSync(opened, piece);
      if (got === 0) return;
      yield piece.subarray(0, got);
    }
  } finally {
    fs.closeSync(opened);
  }
}

/**
 * Decodes the lines of a journal, starting with the header; each is returned before the next is read. `file`: the escaped path, for
 * messages.
 * @throws DirsyncError JOURNAL_NEWER, JOURNAL_DAMAGED (with the line), JOURNAL_HOSTILE, or JOURNAL_UNREADABLE if there is not
 * enough memory.
 */
export function* decodeJournal(chunks: Iterable<Uint8Array>, file: string): Generator<JournalLine, void, undefined> {
  const lines = new Lines(() => refuse('JOURNAL_DAMAGED', file, lines.number, 'the line is longer than 1 MiB'));
  let number = 0;
  let hasEnded = false;
  for (const chunk of chunks) {
    for (const bytes of lines.add(chunk)) {
      number = lines.number;
      if (hasEnded) refuse('JOURNAL_DAMAGED', file, number, 'there is more after the end of the run');
      const line = decodeLine(bytes.toString('utf8'), file, number);
      yield line;
      hasEnded = line.type === 'end';
    }
    const fault = heapFault();
    if (fault !== undefined)
      throw new DirsyncError('JOURNAL_UNREADABLE', `${file}, line ${number}: what was read up to here ${fault}`, MORE_MEMORY);
  }
  // What follows the last newline is a line that was not written whole, and is dropped.
  if (number === 0) refuse('JOURNAL_DAMAGED', file, 1, 'it has no header');
}

function decodeLine(line: string, file: string, number: number): JournalLine {
  try {
    const json = JSON.parse(line) as Record<string, unknown>;
    if (number === 1) return {type: 'header', header: decodeHeader(json, file)};
    if (line.startsWith(PROBLEM_START)) return {type: 'problem', problem: decodeProblem(only(json, 'problem'))};
    if (line.startsWith(END_START)) return {type: 'end', end: decodeRunEnd(only(json, 'end'))};
    return {type: 'step', step: decodeRunStep(json)};
  } catch (error) {
    if (error instanceof HostilePathError) refuse('JOURNAL_HOSTILE', file, number, error.message);
    if (error instanceof FormatError) refuse('JOURNAL_DAMAGED', file, number, error.message);
    // JSON.parse throws a SyntaxError, or a RangeError if the nesting is too deep.
    if (error instanceof SyntaxError || error instanceof RangeError) {
      refuse('JOURNAL_DAMAGED', file, number, 'the line is not JSON');
    }
    throw error;
  }
}

function decodeHeader(json: Record<string, unknown> | null, file: string): RunHeader {
  if (json?.dirsync !== 'run') throw new FormatError('it does not begin with the header of a run');
  const {dirsync, format, ...header} = json;
  if (typeof format !== 'number' || !Number.isInteger(format) || format < 1) throw new FormatError('the format number is wrong');
  if (format > FORMAT) {
    const writer = typeof header.writer === 'string' ? excerpt(header.writer) : 'an unknown program';
    const detail = `${file} has format ${format} and was written by ${writer}; this dirsync reads format ${FORMAT}`;
    throw new DirsyncError('JOURNAL_NEWER', detail, 'read it with the program that wrote it');
  }
  return decodeRunHeader(header);
}

function only(json: Record<string, unknown>, key: string): unknown {
  if (Object.keys(json).length > 1) throw new FormatError(`the ${key} has other keys beside it`);
  return json[key];
}

const HINTS: Partial<Record<ErrorCode, string>> = {
  JOURNAL_DAMAGED: 'this does not affect the target itself; plan again to see what it lacks',
  JOURNAL_HOSTILE: 'do not trust this file',
};

function refuse(code: 'JOURNAL_DAMAGED' | 'JOURNAL_HOSTILE', file: string, number: number, what: string): never {
  throw new DirsyncError(code, `${file}, line ${number}: ${what}`, HINTS[code]);
}
