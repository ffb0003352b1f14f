/** The file that Prometheus reads, through the textfile collector of node_exporter. */
import {createHash} from 'node:crypto';
import {mkdirSync, statSync} from 'node:fs';
import path from 'node:path';
import {readBytes} from '../../config/text.js';
import {escapeName} from '../../core/escape.js';
import type {JobRun} from '../../core/job-run.js';
import {osPath} from '../../core/name.js';
import {removeDrafts, replaceFile} from '../../formats/whole-file.js';
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
    const text = await metricsText(run, job, lastSuccessIn(textOf(file), job));
    removeDrafts(file);
    // Whatever the umask: node_exporter is another user.
    await replaceFile(file, text, {exactMode: 0o644});
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
