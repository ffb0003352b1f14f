/** Writes the file that Prometheus reads through the textfile collector of node_exporter. */
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
 * Writes the metrics of a run. `place`: a file, or a folder that exists or whose name ends with "/", in which each job gets its own
 * file. Returns an error as a sentence with escaped names, because it never changes how a run ends.
 */
export async function writeMetrics(place: string, run: JobRun): Promise<string | undefined> {
  try {
    // Loaded only here, because few runs write metrics.
    const {lastSuccessIn, metricsText} = await import('../../report/metrics.js');
    const job = run.job ?? (run.target === undefined ? '' : absolutePath(run.target));
    const file = fileFor(place, job);
    const text = await metricsText(run, job, lastSuccessIn(textOf(file), job));
    removeDrafts(file);
    // Regardless of the umask, because node_exporter runs as a different user.
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
  // Replacing /dev/null with a file would break other programs.
  if (!statSync(osPath(file)).isFile()) throw new Error('it is not a regular file');
  return realPath(file);
}

function isThere(file: string): boolean {
  return statSync(osPath(file), {throwIfNoEntry: false}) !== undefined;
}

const MAX_NAME = 150;

/** Returns a unique file name for each job, with characters that every file system supports. */
function nameFor(job: string): string {
  const safe = encodeURIComponent(escapeName(job));
  const hash = createHash('sha256').update(safe).digest('hex').slice(0, 16);
  return `dirsync-${safe.length > MAX_NAME ? `${safe.slice(0, MAX_NAME)}-${hash}` : safe}.prom`;
}

/** Returns the content of the file, or '' if it cannot be read. */
function textOf(file: string): string {
  try {
    return readBytes(file).toString();
  } catch {
    return '';
  }
}
