/** Renders reports in each format, and writes them to files. */
import {statSync} from 'node:fs';
import path from 'node:path';
import {DirsyncError} from '../../core/errors.js';
import {escapeName} from '../../core/escape.js';
import type {Format} from '../../core/format.js';
import {osPath} from '../../core/name.js';
import {PRIVATE, replaceFile} from '../../formats/whole-file.js';
import {documentText, historyDocument, planDocumentText, runDocumentText} from '../../report/json.js';
import type {Subject} from '../../report/subject.js';
import {historyText, runText} from '../../report/text/runs.js';
import {planText} from '../../report/text/text.js';

export interface ReportOptions {
  /** Only for text. */
  readonly color: boolean;
  readonly width: number;
  /** List everything, no matter how long. */
  readonly all: boolean;
}

/**
 * Renders a report. Returns it in pieces, because a large report does not fit in one string. Loads only the code of the given
 * format.
 *
 * @example
 * const options = {color: false, width: 80, all: false};
 * const pieces = await renderReport({type: 'plan', ...planned}, 'markdown', options);
 * [...pieces].join('').startsWith('### Plan: 4 changes'); // → true
 */
export async function renderReport(
  subject: Subject,
  format: Exclude<Format, 'github'>,
  options: ReportOptions,
): Promise<Iterable<string>> {
  switch (format) {
    case 'text':
      return [`${textOf(subject, options)}\n`];
    case 'json':
      return jsonOf(subject);
    case 'markdown': {
      const {markdownReport} = await import('../../report/markdown/markdown.js');
      return [markdownReport(subject, options.all ? {limit: Number.POSITIVE_INFINITY} : {})];
    }
    case 'junit': {
      const {junitReport} = await import('../../report/junit.js');
      return [junitReport(subject)];
    }
    case 'html': {
      const [{htmlReport}, {readPageAssets}] = await Promise.all([import('../../report/html/html.js'), import('../assets.js')]);
      return htmlReport(subject, readPageAssets());
    }
  }
}

function textOf(subject: Subject, options: ReportOptions): string {
  switch (subject.type) {
    case 'plan':
      return planText({...subject, ...options});
    case 'run':
      return runText({run: subject.run, ...options});
    case 'history':
      return historyText({...subject, ...options});
  }
}

function jsonOf(subject: Subject): Iterable<string> {
  switch (subject.type) {
    case 'plan':
      return planDocumentText(subject);
    case 'run':
      return runDocumentText(subject.run);
    case 'history':
      return documentText(historyDocument(subject));
  }
}

const FORMATS_BY_ENDING: Readonly<Record<string, Exclude<Format, 'github'>>> = {
  '.html': 'html',
  '.htm': 'html',
  '.md': 'markdown',
  '.json': 'json',
  '.xml': 'junit',
  '.txt': 'text',
};

/**
 * Writes a report atomically, in the format of the file's ending. Returns 'exists' if it would replace a file without `overwrite`.
 * @throws DirsyncError USAGE for an unknown ending, or REPORT_UNWRITABLE.
 */
export async function writeReport(subject: Subject, file: string, overwrite: boolean): Promise<Format | 'exists'> {
  const format = FORMATS_BY_ENDING[path.extname(file).toLowerCase()];
  if (format === undefined) {
    const endings = Object.keys(FORMATS_BY_ENDING).join(', ');
    throw new DirsyncError('USAGE', `${escapeName(file)} does not end in a known format`, `use one of these endings: ${endings}`);
  }
  const old = statSync(osPath(file), {throwIfNoEntry: false});
  if (!overwrite && old !== undefined) return 'exists';
  try {
    const report = await renderReport(subject, format, {color: false, width: 100, all: format !== 'markdown'});
    await replaceFile(file, report, {mode: PRIVATE, like: old});
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new DirsyncError('REPORT_UNWRITABLE', `${escapeName(file)} (${code})`, 'check the path and its permissions', {
      cause: error,
    });
  }
  return format;
}
