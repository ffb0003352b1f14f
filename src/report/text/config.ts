/** The settings of jobs as text: a line for each value, with where it is set. */
import {escapeName} from '../../core/escape.js';
import type {ShownConfig, ShownSetting} from '../../core/shown-config.js';
import {columns, pad} from '../words/columns.js';
import {joinSections, paint} from './text.js';

/** Returns the settings of jobs with the place where each is set. */
export function configText({files, jobs}: ShownConfig, color: boolean): string {
  const [file = '', ...extended] = files.map(escapeName);
  return joinSections([
    [file, ...extended.map((each) => `  extends ${each}`)],
    ...(jobs.length === 0 ? [['The config has no jobs.']] : []),
    ...jobs.map(({name, settings}) => [paint(color, 'bold', escapeName(name)), ...settingLines(settings, files)]),
  ]);
}

/** A longer value moves only its own origin to the right. */
const MAX_WIDTH = 60;

function settingLines(settings: readonly ShownSetting[], files: readonly string[]): string[] {
  const rows = settings.map(({key, value, origin}) => [escapeName(key), valueWords(value), origin] as const);
  const keyWidth = Math.max(0, ...rows.map(([key]) => columns(key)));
  const valueWidth = Math.max(0, ...rows.map(([, value]) => columns(value)).filter((width) => width <= MAX_WIDTH));
  const fromWidth = Math.max(0, ...settings.map(({origin}) => origin.from.length));
  return rows.map(([key, value, {from, file, line}]) => {
    const where = file === undefined ? '' : `${escapeName(shortest(file, files))}${line === undefined ? '' : `:${line}`}`;
    return `  ${pad(key, keyWidth)}  ${pad(value, valueWidth)}  ${pad(from, fromWidth)}  ${where}`.trimEnd();
  });
}

function valueWords(value: ShownSetting['value']): string {
  if (typeof value !== 'string' && typeof value === 'object')
    return value.length === 0 ? 'none' : value.map(textWords).join(', ');
  return typeof value === 'string' ? textWords(value) : String(value);
}

/** Quotes a text that would be ambiguous without quotes. */
function textWords(text: string): string {
  const escaped = escapeName(text);
  return /^[^\s,"']+$/.test(escaped) ? escaped : `"${escaped.replaceAll('"', '\\"')}"`;
}

/** Returns the name of a file if it is unique, otherwise its path. */
function shortest(file: string, files: readonly string[]): string {
  const nameOf = (path: string) => path.slice(path.lastIndexOf('/') + 1);
  return files.filter((each) => nameOf(each) === nameOf(file)).length === 1 ? nameOf(file) : file;
}
