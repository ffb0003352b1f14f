/**
 * The plan file: gzipped NDJSON. It has a header line, one line per action, one line per problem, and a trailer with counts and a
 * SHA-256 of everything before it. Reading and writing stream: neither the file nor its text is ever held as a whole. Input is not
 * trusted: a file that is truncated, edited, newer or hostile is refused before any of its plan is returned.
 */
import {createHash, type Hash} from 'node:crypto';
import {once} from 'node:events';
import {createReadStream} from 'node:fs';
import {realpath, stat} from 'node:fs/promises';
import {pipeline, type Readable} from 'node:stream';
import {createGunzip, createGzip} from 'node:zlib';
import {type Action, isCarried} from '../core/action.js';
import {DirsyncError, MORE_MEMORY} from '../core/errors.js';
import {escapeName} from '../core/escape.js';
import {decodeName, osPath} from '../core/name.js';
import {comparePaths, isWithin, type RelPath} from '../core/path.js';
import type {Plan, PlanHeader} from '../core/plan.js';
import type {Problem} from '../core/problem.js';
import {decodeHeader, encodeHeader} from './header-json.js';
import {decodeAction, decodeProblem, encodeAction, encodeProblem} from './json.js';
import {Lines, MAX_LINE} from './lines.js';
import {heapFault} from './memory.js';
import {excerpt, FormatError, HostilePathError} from './shapes.js';
import {isSystemError, type SystemError} from './system-error.js';
import {PRIVATE, replaceFile} from './whole-file.js';

const FORMAT = 1;

const CHUNK = 1 << 16;
const HEADER_START = '{"dirsync":"plan"';
const PROBLEM_START = '{"problem":';
const TRAILER_START = '{"trailer":';

/** A plan that was read from a file. */
export interface SavedPlan {
  readonly plan: Plan;
  /** The checksum in the file's trailer, which identifies the plan. */
  readonly sha256: string;
}

interface Trailer {
  readonly actions: number;
  readonly problems: number;
  /** Hexadecimal, over all uncompressed bytes before the trailer line. */
  readonly sha256: string;
}

// ── Writing ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Writes a plan completely or not at all, and returns the SHA-256 of its trailer. A symlink is followed. A new file is readable
 * only by its owner; a replaced file keeps its mode.
 * @throws DirsyncError PLAN_UNWRITABLE; then nothing is left behind.
 *
 * @example
 * const {sha256} = await writePlanFile('notes.plan', planned.plan);
 * (await readPlanFile('notes.plan')).sha256; // → sha256
 */
export async function writePlanFile(file: string, plan: Plan): Promise<{sha256: string}> {
  const place = await realpath(osPath(file), {encoding: 'buffer'}).then(decodeName, () => file);
  const hash = createHash('sha256');
  try {
    const old = await stat(osPath(place)).catch(() => undefined);
    if (old && !old.isFile())
      throw new DirsyncError(
        'PLAN_UNWRITABLE',
        `${escapeName(file)} is not a regular file`,
        'name a new file, or one to replace',
      );
    // The reader sees a failure of either stream, so the callback does nothing.
    const bytes = pipeline(encodePlan(plan, hash), createGzip({level: 3, chunkSize: CHUNK}), () => undefined);
    await replaceFile(place, bytes, {mode: PRIVATE, like: old});
  } catch (error) {
    if (isSystemError(error)) throw systemError('PLAN_UNWRITABLE', file, error);
    throw error;
  }
  return {sha256: hash.digest('hex')};
}

/** The file's uncompressed bytes in chunks. After the last one, `hash` contains everything that the trailer's checksum covers. */
function* encodePlan({header, actions, problems}: Plan, hash: Hash): Generator<Buffer> {
  let chunk = '';
  for (const line of planLines({header, actions, problems})) {
    if (line.length > MAX_LINE / 3 && Buffer.byteLength(line) >= MAX_LINE) {
      throw new DirsyncError('PLAN_UNWRITABLE', `a line would be longer than 1 MiB: ${excerpt(line)}`);
    }
    chunk += `${line}\n`;
    if (chunk.length < CHUNK) continue;
    yield hashed(chunk, hash);
    chunk = '';
  }
  yield hashed(chunk, hash);
  const sha256 = hash.copy().digest('hex');
  yield Buffer.from(`${encodeTrailer({actions: actions.length, problems: problems.length, sha256})}\n`);
}

function* planLines({header, actions, problems}: Plan): Generator<string> {
  yield JSON.stringify({dirsync: 'plan', format: FORMAT, ...encodeHeader(header)});
  for (const action of actions) yield JSON.stringify(encodeAction(action));
  for (const problem of problems) yield JSON.stringify({problem: encodeProblem(problem)});
}

function encodeTrailer({actions, problems, sha256}: Trailer): string {
  return JSON.stringify({trailer: {actions, problems, sha256}});
}

function hashed(text: string, hash: Hash): Buffer {
  const bytes = Buffer.from(text);
  hash.update(bytes);
  return bytes;
}

// ── Reading ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Reads a plan file, gzipped or plain.
 * @throws DirsyncError PLAN_UNREADABLE, PLAN_NOT_A_PLAN, PLAN_NEWER, PLAN_DAMAGED (truncated, edited or malformed, with the line),
 * or PLAN_HOSTILE (a path that leads out of the roots, or through something that is not a folder).
 *
 * @example
 * await writePlanFile('notes.plan', planned.plan);
 * const {plan} = await readPlanFile('notes.plan');
 * plan.actions.length; // → planned.plan.actions.length
 */
export async function readPlanFile(file: string): Promise<SavedPlan> {
  const reader = new PlanReader(escapeName(file));
  try {
    for await (const chunk of await openContent(file)) {
      reader.write(chunk as Buffer);
      reader.checkMemory();
    }
  } catch (error) {
    if (!isSystemError(error)) throw error;
    // Errors of zlib have a number but no system call.
    if (error.syscall === undefined) throw reader.damaged(`it cannot be unpacked (${escapeName(error.message)})`);
    throw systemError('PLAN_UNREADABLE', file, error);
  }
  return reader.end();
}

async function openContent(file: string): Promise<Readable> {
  const raw = createReadStream(osPath(file), {highWaterMark: 1 << 18});
  await once(raw, 'readable');
  const magic = raw.read(2) as Buffer | null;
  if (magic) raw.unshift(magic);
  if (magic?.[0] !== 0x1f || magic[1] !== 0x8b) return raw;
  // The reader sees a failure of either stream, so the callback does nothing.
  return pipeline(raw, createGunzip({chunkSize: 1 << 18}), () => undefined);
}

/** Whether entries may be below a path, in the tree before and in the tree after. */
interface Room {
  readonly path: RelPath;
  readonly before: boolean;
  readonly after: boolean;
}

/** Takes a plan file's bytes in chunks of any size, checks each complete line, and returns the plan after the last check. */
class PlanReader {
  readonly #lines = new Lines(() => {
    throw this.#header ? this.damaged('the line is longer than 1 MiB') : this.#notAPlan();
  });
  #header: PlanHeader | undefined;
  readonly #actions: Action[] = [];
  readonly #problems: Problem[] = [];
  readonly #hash = createHash('sha256');
  /** Set when the trailer was read and matches. */
  #sha256: string | undefined;
  /** The folders above the last action's path that are created, deleted or replaced. */
  readonly #rooms: Room[] = [];

  /** The old paths of moves. */
  readonly #left = new Set<RelPath>();

  /** `file`: the escaped path, for messages. */
  constructor(private readonly file: string) {}

  write(chunk: Buffer): void {
    for (const line of this.#lines.add(chunk)) this.#readLine(line);
  }

  end(): SavedPlan {
    const {rest} = this.#lines;
    if (!this.#header) this.#readLine(rest);
    if (!this.#header || this.#sha256 === undefined || rest.length > 0) throw this.damaged('it is cut off');
    return {plan: {header: this.#header, actions: this.#actions, problems: this.#problems}, sha256: this.#sha256};
  }

  damaged(what: string): DirsyncError {
    return new DirsyncError('PLAN_DAMAGED', `${this.#where()}: ${what}`, 'make the plan again');
  }

  checkMemory(): void {
    const fault = heapFault();
    if (fault !== undefined)
      throw new DirsyncError('PLAN_UNREADABLE', `${this.#where()}: what was read up to here ${fault}`, MORE_MEMORY);
  }

  #where(): string {
    return `${this.file}, line ${this.#lines.number}`;
  }

  #readLine(bytes: Buffer): void {
    const line = bytes.toString('utf8');
    if (this.#sha256 !== undefined) throw this.damaged('there is more after the end of the plan');
    if (this.#header && line.startsWith(TRAILER_START)) {
      this.#readTrailer(line);
      return;
    }
    try {
      if (!this.#header) this.#readHeader(line);
      else if (line.startsWith(PROBLEM_START)) this.#readProblem(line);
      else this.#readAction(line);
    } catch (error) {
      if (error instanceof HostilePathError) throw this.#hostile(error.message);
      // JSON.parse throws a SyntaxError, or a RangeError if the nesting is too deep.
      if (error instanceof FormatError) throw this.damaged(error.message);
      if (error instanceof SyntaxError || error instanceof RangeError) throw this.damaged('the line is not JSON');
      throw error;
    }
    this.#hash.update(bytes);
  }

  #readHeader(line: string): void {
    const json = parseObject(line);
    if (json?.dirsync !== 'plan') throw line.startsWith(HEADER_START) ? this.damaged('the header is not JSON') : this.#notAPlan();
    const {dirsync, format, ...header} = json;
    if (typeof format !== 'number' || !Number.isInteger(format) || format < 1) throw this.damaged('the format number is wrong');
    if (format > FORMAT) {
      const writer = typeof header.writer === 'string' ? excerpt(header.writer) : 'an unknown program';
      const detail = `${this.file} has format ${format} and was written by ${writer}; this dirsync reads format ${FORMAT}`;
      throw new DirsyncError('PLAN_NEWER', detail, 'apply it with the program that wrote it, or make the plan again');
    }
    this.#header = decodeHeader(header);
  }

  #readAction(line: string): void {
    const action = decodeAction(JSON.parse(line));
    const last = this.#actions.at(-1);
    if (this.#problems.length > 0) throw new FormatError('an action follows a problem');
    if (last && comparePaths(last.path, action.path) >= 0) {
      const fault = last.path === action.path ? 'appears twice' : 'is out of order';
      throw new FormatError(`the path "${excerpt(action.path)}" ${fault}`);
    }
    this.#checkRoom(action);
    if (isCarried(action)) {
      const {size} = this.#left;
      if (this.#left.add(action.from).size === size) throw new FormatError(`"${excerpt(action.from)}" is moved twice`);
    }
    this.#actions.push(action);
  }

  /** Refuses a plan that would reach an entry through something that is not a folder, such as a symlink that the plan creates. */
  #checkRoom(action: Action): void {
    const {path, before, after} = action;
    const rooms = this.#rooms;
    while (rooms.length > 0 && !isWithin(path, (rooms.at(-1) as Room).path)) rooms.pop();
    const above = rooms.at(-1);
    // What is moved here was elsewhere before, together with its content.
    const isCarried = action.kind === 'move' && action.carried !== undefined;
    if (above && ((before && !isCarried && !above.before) || (after && !above.after))) {
      throw new HostilePathError(`"${excerpt(path)}" is inside "${excerpt(above.path)}", which is not a folder at that point`);
    }
    const room = {path, before: before?.kind === 'directory', after: after?.kind === 'directory'};
    if (!room.before || !room.after || isCarried) rooms.push(room);
  }

  #readProblem(line: string): void {
    const {problem, ...rest} = JSON.parse(line) as Record<string, unknown>;
    if (Object.keys(rest).length > 0) throw new FormatError('the problem has other keys beside it');
    this.#problems.push(decodeProblem(problem));
  }

  #readTrailer(line: string): void {
    const sha256 = this.#hash.digest('hex');
    const trailer = encodeTrailer({actions: this.#actions.length, problems: this.#problems.length, sha256});
    if (line !== `${trailer}\n`) throw this.damaged('its counts or its checksum do not match the lines before');
    this.#sha256 = sha256;
  }

  #notAPlan(): DirsyncError {
    const what = this.#lines.number === 0 ? 'is empty' : 'does not begin with the header of a plan';
    return new DirsyncError('PLAN_NOT_A_PLAN', `${this.file} ${what}`, 'name a file that `dirsync plan --out` wrote');
  }

  #hostile(what: string): DirsyncError {
    return new DirsyncError('PLAN_HOSTILE', `${this.#where()}: ${what}`, 'do not apply this file; make the plan again');
  }
}

function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function systemError(code: 'PLAN_UNREADABLE' | 'PLAN_UNWRITABLE', file: string, error: SystemError): DirsyncError {
  // Node's message is "CODE: what, call 'path'"; the path is removed, because it is already shown escaped.
  const [what = ''] = error.message.split(',');
  const hint =
    code === 'PLAN_UNREADABLE'
      ? 'check the path and its permissions'
      : 'check the path, and that its folder exists and is writable';
  return new DirsyncError(code, `${escapeName(file)}: ${escapeName(what)}`, hint, {cause: error});
}
