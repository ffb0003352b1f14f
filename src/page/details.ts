/** The details of the selected row: the current and the new state, and the reason. */
import {ACTION_KINDS} from '../core/action.js';
import {formatCount, formatPlural} from '../core/count.js';
import {toNanoseconds} from '../core/entry.js';
import type {PageAttribute, PageData, PageEntry} from '../report/html/page-data.js';
import {formatBytes, formatTime} from '../report/words/units.js';
import {GLYPHS} from '../report/words/words.js';
import {element} from './dom.js';
import type {TreeModel} from './model.js';

export interface DetailsOptions {
  readonly data: PageData;
  readonly model: TreeModel;
  readonly row: number;
  /** Goes to another row. */
  readonly show: (row: number) => void;
}

/** Returns the elements with the details of a row. */
export function details({data, model, row, show}: DetailsOptions): HTMLElement[] {
  const [, , kind, , note = -1, before, after, rare = -1] = model.row(row);
  const parts: HTMLElement[] = [element('h3', {}, element('code', {}, model.path(row)))];
  const action = kind === undefined ? undefined : ACTION_KINDS[kind];
  const why = data.notes[note];
  if (action) {
    const label = element('span', {class: `kind ${action}`}, element('b', {'aria-hidden': 'true'}, GLYPHS[action]), ` ${action}`);
    parts.push(element('p', {}, label, why ? ` — ${data.noteLabel.toLowerCase()}: ${why}` : ''));
  }
  const link = (words: string, to: number | undefined) => {
    if (to === undefined) return [];
    const button = element('button', {type: 'button', class: 'path'}, model.path(to));
    button.addEventListener('click', () => show(to));
    return [element('p', {}, `${words} `, button)];
  };
  const toWords = action ? 'New path of the old entry:' : 'New path:';
  parts.push(...link('Old path:', model.oldOf(row)), ...link(toWords, model.moveOf(row)));
  const remark = data.remarks[row];
  if (remark !== undefined) parts.push(element('p', {}, remark));
  if (model.isFolder(row)) {
    const bytes = model.bytes[row] as number;
    const below = `${formatPlural(model.counts[row] as number, 'change')} here and below${bytes > 0 ? `, ${formatBytes(bytes)}` : ''}`;
    parts.push(element('p', {class: 'dim'}, below));
  }
  if (before || after) parts.push(entryTable(data, before || undefined, after || undefined, data.rare[rare] ?? []));
  return parts;
}

function entryTable(
  data: PageData,
  before: PageEntry | undefined,
  after: PageEntry | undefined,
  rare: readonly PageAttribute[],
): HTMLElement {
  const old = before && entryWords(data, before);
  const fresh = after && entryWords(data, after);
  const common = Object.keys({...old, ...fresh}).map((name): PageAttribute => {
    const changed = old !== undefined && fresh !== undefined && old[name] !== fresh[name];
    return [name, old?.[name] ?? 0, fresh?.[name] ?? 0, changed ? 1 : 0];
  });
  const head = [element('td'), ...(old ? [heading('Now')] : []), ...(fresh ? [heading(old ? 'Then' : 'New')] : [])];
  const rows = [...common, ...rare].map(([name, now, then, changed], i) => {
    const cell = (words: string | 0) => element('td', {}, words === 0 ? '–' : words);
    const title = element(
      'th',
      {scope: 'row', class: i >= common.length && 'rare'},
      name,
      ...(changed ? [element('span', {class: 'unseen'}, ' (changes)')] : []),
    );
    return element('tr', {class: changed === 1 && 'changed'}, title, ...(old ? [cell(now)] : []), ...(fresh ? [cell(then)] : []));
  });
  return element('table', {class: 'entries'}, element('thead', {}, element('tr', {}, ...head)), element('tbody', {}, ...rows));
}

function heading(text: string): HTMLElement {
  return element('th', {scope: 'col'}, text);
}

function entryWords(data: PageData, [attributes, size, time, link]: PageEntry): Record<string, string> {
  const [kind, mode, owner, group] = data.attributes[attributes] as PageData['attributes'][number];
  return {
    Kind: kind,
    ...(kind === 'file' && {Size: size < 1024 ? `${size} B` : `${formatBytes(size)} (${formatCount(size)} B)`}),
    Modified: typeof time === 'string' ? time : formatTime(toNanoseconds(time, 0)),
    Mode: mode,
    Owner: `${owner}:${group}`,
    ...(link !== undefined && {'Points to': link}),
  };
}
