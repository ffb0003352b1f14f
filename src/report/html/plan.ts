/** The page of a plan. */
import {type Action, isUpkeep} from '../../core/action.js';
import {formatCount, formatPlural} from '../../core/count.js';
import {escapeName} from '../../core/escape.js';
import type {Halt, PlanHeader} from '../../core/plan.js';
import type {PlanSubject} from '../subject.js';
import {foldersOf} from '../words/folders.js';
import {formatBytes, formatIsoTime} from '../words/units.js';
import {
  GLYPHS,
  kindCounts,
  pathWords,
  plainPath,
  planSentence,
  reasonWords,
  restWords,
  rootPaths,
  sizeOf,
} from '../words/words.js';
import {planChanges} from './change.js';
import {html, type Markup, type Part} from './markup.js';
import {planData} from './page-data.js';
import {
  bytesOrNone,
  explorer,
  facts,
  kindLabel,
  kindTable,
  MAX_LISTED,
  more,
  type Page,
  path,
  pictureSection,
  problemSection,
  section,
  table,
} from './parts.js';

const MAX_CHANGES = 300;
const MAX_FOLDERS = 15;

/** Returns the page of a plan. */
export function planPage(subject: PlanSubject): Page {
  const {plan} = subject;
  const title = `dirsync ${nameOf(plan.header)}: ${rootPaths(plan.header).map(escapeName).join(' → ')}`;
  return {title, main: planMain(subject), ...(subject.summary.changes > 0 && {data: planData(plan)})};
}

function nameOf({compared}: PlanHeader): string {
  return compared ? 'diff' : 'plan';
}

function* planMain({plan, summary, halts}: PlanSubject): Generator<Markup> {
  const {header, problems} = plan;
  const changes = plan.actions.filter((action) => !isUpkeep(action));
  yield html`<header><p class="what">dirsync ${nameOf(header)}</p>
${headline({plan, summary, halts})}${headerFacts(header)}</header>
<main>
`;
  yield html`${haltSection(halts, header.warnings)}${problemSection(problems)}${driftSection(changes)}`;
  yield html`${pictureSection(planChanges(plan))}`;
  if (changes.length > 0) yield html`<div class="columns">${totalsSection(summary)}${folderSection(changes)}</div>\n`;
  if (changes.length > 0) yield explorer(changeList(changes));
  yield html`${deleteSection(changes)}</main>\n`;
}

function headline({plan, summary, halts}: Omit<PlanSubject, 'type'>): Markup {
  const {changes, bytes, kinds} = summary;
  const guards = halts.filter(({allowed}) => !allowed).map(({guard}) => guard);
  const verdict = guards.length > 0 && html`<p class="halt"><strong>Would halt:</strong> ${guards.join(', ')}</p>\n`;
  if (changes === 0 || plan.header.compared) return html`<h1>${planSentence(plan, summary)}</h1>\n${verdict}`;
  const write = bytes > 0 && `, ${formatBytes(bytes)} to write`;
  return html`<h1>${formatPlural(changes, 'change')}${write}</h1>
<p class="kinds">${kindCounts(kinds)}.${restWords(plan, summary)}</p>
${verdict}`;
}

function headerFacts(header: PlanHeader): Markup {
  const {id, created, writer, source, target, options, totals, narrowed, compared} = header;
  const {source: from, target: to} = totals;
  const tree = (root: string, entries: number, bytes: number) =>
    html`${path(escapeName(root))} <span class="dim">${formatPlural(entries, 'entry', 'entries')}, ${formatBytes(bytes)}</span>`;
  return facts([
    [compared ? 'After' : 'Source', tree(source.path, from.entries, from.bytes)],
    [compared ? 'Before' : 'Target', tree(target.path, to.entries, to.bytes)],
    [
      compared ? 'Compared' : 'Planned',
      html`<time datetime="${escapeName(created)}">${formatIsoTime(created)}</time> by ${escapeName(writer)}`,
    ],
    !compared && ['Plan', path(escapeName(id))],
    narrowed && [
      'Narrowed',
      html`from plan ${path(escapeName(narrowed.from))}: ${formatPlural(narrowed.leftOut, 'change')} left out`,
    ],
    options.filters.length > 0 && ['Filters', options.filters.map((line) => html`${path(escapeName(line))} `)],
    tagWords(options) !== '' && ['Tags', path(tagWords(options))],
    sizeWords(options) !== '' && ['Sizes', sizeWords(options)],
    !options.delete && ['Deletes', 'none: paths that exist only in the target are kept'],
  ]);
}

/** Returns the names of tags that exclude the content of their folder. */
function tagWords({excludeCaches, excludeIfPresent}: PlanHeader['options']): string {
  return [...(excludeCaches ? ['CACHEDIR.TAG'] : []), ...excludeIfPresent].map(escapeName).join(' ');
}

/** Returns the size limits of files that are copied; '' if there are none. */
function sizeWords({minSize, maxSize}: PlanHeader['options']): string {
  const limits = [
    minSize !== undefined && `from ${formatBytes(minSize)}`,
    maxSize !== undefined && `up to ${formatBytes(maxSize)}`,
  ];
  return limits.filter((limit) => limit !== false).join(' ');
}

function haltSection(halts: readonly Halt[], warnings: readonly string[]): Part {
  if (halts.length === 0 && warnings.length === 0) return undefined;
  const items = [
    ...halts.map(({guard, message, allowed}) =>
      allowed
        ? html`<li class="warning"><strong>Allowed:</strong> ${guard} — ${escapeName(message)}</li>\n`
        : html`<li class="halt"><strong>Would halt:</strong> ${guard} — ${escapeName(message)}; lift it with <code>--allow ${guard}</code></li>\n`,
    ),
    ...warnings.map((warning) => html`<li class="warning"><strong>Warning:</strong> ${escapeName(warning)}</li>\n`),
  ];
  return section({id: 'notices', heading: 'Before you apply it'}, html`<ul class="notices">\n${items}</ul>\n`);
}

function totalsSection({kinds, upkeep}: PlanSubject['summary']): Markup {
  const after = upkeep > 0 && html`<p class="dim">The times of ${formatPlural(upkeep, 'folder')} are restored afterwards.</p>\n`;
  return section({id: 'totals', heading: 'Totals'}, [kindTable(kinds), after]);
}

function folderSection(changes: readonly Action[]): Markup {
  const folders = foldersOf(changes, MAX_FOLDERS);
  const rows = folders
    .slice(0, MAX_FOLDERS)
    .map(({path: at, opened, changes: count, glyphs, bytes}) => [
      html`${path(at === '' ? './' : `${plainPath(at)}/`)}${opened && ' (itself)'}`,
      formatCount(count),
      bytesOrNone(bytes),
      [...new Set(Object.values(GLYPHS))]
        .filter((glyph) => glyphs[glyph] !== undefined)
        .map((glyph) => html`<span class="mix">${glyph}${formatCount(glyphs[glyph] as number)}</span> `),
    ]);
  return section({id: 'folders', heading: 'Largest folders'}, [
    table({caption: 'Folders with the most changes', columns: ['Folder', '#Changes', '#To write', 'Kinds'], rows}),
    more(folders.length - rows.length, 'folders'),
  ]);
}

function changeList(changes: readonly Action[]): Part {
  const rows = changes.slice(0, MAX_CHANGES).map(changeRow);
  return [
    table({caption: 'The first changes, in path order', columns: ['Path', 'Kind', '#Size', 'Why'], rows}),
    more(changes.length - rows.length, 'changes'),
  ];
}

function changeRow(action: Action): Part[] {
  const size = sizeOf(action);
  return [path(pathWords(action)), kindLabel(action.kind), size === undefined ? '' : formatBytes(size), reasonWords(action)];
}

/** The changes at paths that somebody else changed in the target. */
function driftSection(changes: readonly Action[]): Part {
  const drifted = changes.filter(({targetDrift}) => targetDrift !== undefined);
  if (drifted.length === 0) return undefined;
  const rows = drifted.slice(0, MAX_LISTED).map(changeRow);
  const heading = `Changed in the target since the last run (${formatCount(drifted.length)})`;
  return section({id: 'target-drift', heading}, [
    table({caption: 'Changes at these paths', columns: ['Path', 'Kind', '#Size', 'Why'], rows, long: true}),
    more(drifted.length - rows.length, 'changes'),
  ]);
}

function deleteSection(changes: readonly Action[]): Part {
  const deletes = changes.filter(({kind}) => kind === 'delete' || kind === 'rmdir');
  if (deletes.length === 0) return undefined;
  const rows = deletes.slice(0, MAX_LISTED).map((action) => changeRow(action).slice(0, 3));
  // If all changes are listed, the deletes are listed twice.
  const className = changes.length <= MAX_CHANGES ? 'deletes repeated' : 'deletes';
  return section({id: 'deletes', heading: `Deleted from the target (${formatCount(deletes.length)})`, className}, [
    table({caption: 'Deleted paths', columns: ['Path', 'Kind', '#Size'], rows, long: true}),
    more(deletes.length - rows.length, 'deletes'),
  ]);
}
