/** The file that Prometheus reads, through the textfile collector of node_exporter. */
import {createHash, randomBytes} from 'node:crypto';
import {closeSync, fchmodSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, statSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {readBytes} from '../../config/text.js';
import {escapeName} from '../../core/escape.js';
import type {JobRun} from '../../core/job-run.js';
import {decodeName, osPath} from '../../core/name.js';
import {absolutePath, realPath} from '../../platform/environment.js';

/**
 * `place`: a file; or a folder, which is there or whose name ends with "/": then the job has a file of its own in it. What kept it
 * from being written comes back as a sentence, names escaped: it never changes how a run ends.
 */
export async function writeMetrics(place: string, run: JobRun): Promise<string | undefined> {
  try {
    // Loaded only here: few runs are watched.
    const {lastSuccessIn, metricsText} = await import('../../report/metrics.js');
    const job = run.job ?? (run.target === undefined ? '' : absolutePath(run.target));
    const file = fileFor(place, job);
    replaceFile(file, await metricsText(run, job, lastSuccessIn(textOf(file), job)));
    return undefined;
  } catch (error) {
    const {code, message} = error as NodeJS.ErrnoException;
    return `the metrics file ${escapeName(place)} cannot be written (${code ?? escapeName(message)})`;
  }
}

function fileFor(place: string, job: string): string {
  const isFolder = place.endsWith('/');
  if (isFolder && !isThere(place)) mkdirSync(osPath(place));
  const file =
    isFolder || statSync(osPath(place), {throwIfNoEntry: false})?.isDirectory() ? path.join(place, nameFor(job)) : place;
  if (!isThere(file)) return file;
  // Putting a file where /dev/null was would harm all who use it.
  if (!statSync(osPath(file)).isFile()) throw new Error('it is not a regular file');
  return realPath(file);
}

function isThere(file: string): boolean {
  return statSync(osPath(file), {throwIfNoEntry: false}) !== undefined;
}

const MAX_NAME = 150;

/** A name for each job that no other has, of letters that every file system takes. */
function nameFor(job: string): string {
  const safe = encodeURIComponent(escapeName(job));
  const hash = createHash('sha256').update(safe).digest('hex').slice(0, 16);
  return `dirsync-${safe.length > MAX_NAME ? `${safe.slice(0, MAX_NAME)}-${hash}` : safe}.prom`;
}

/** Whatever is there; nothing where it cannot be read. */
function textOf(file: string): string {
  try {
    return readBytes(file).toString();
  } catch {
    return '';
  }
}

/** Whoever reads it sees the old text or the new one. */
function replaceFile(file: string, text: string): void {
  removeLeftovers(file);
  const temporary = osPath(`${file}.${randomBytes(6).toString('hex')}.tmp`);
  const descriptor = openSync(temporary, 'wx');
  try {
    try {
      writeFileSync(descriptor, text);
      // Whatever the umask: node_exporter is another user.
      fchmodSync(descriptor, 0o644);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, osPath(file));
  } catch (error) {
    rmSync(temporary, {force: true});
    throw error;
  }
}

const MINUTE = 60_000;

/** Of runs that were killed while they wrote; what is younger may be at work. */
function removeLeftovers(file: string): void {
  const {dir, base} = path.parse(file);
  try {
    for (const name of readdirSync(osPath(dir || '.'), {encoding: 'buffer'}).map(decodeName)) {
      const isOurs = name.startsWith(`${base}.`) && /^[0-9a-f]{12}\.tmp$/.test(name.slice(base.length + 1));
      const leftover = osPath(path.join(dir, name));
      if (isOurs && Date.now() - statSync(leftover).mtimeMs > MINUTE) rmSync(leftover);
    }
  } catch {
    // Another run removes them too, or the folder cannot be listed.
  }
}
