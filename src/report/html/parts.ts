/** Parts that the pages of plans, runs and histories share. */
import {ACTION_KINDS, type ActionKind} from '../../core/action.js';
import {formatCount, formatPlural} from '../../core/count.js';
import {escapeName} from '../../core/escape.js';
import type {KindTotals} from '../../core/plan.js';
import type {Problem} from '../../core/problem.js';
import {formatBytes} from '../words/units.js';
import {GLYPHS, plainPath} from '../words/words.js';
import type {Change} from './change.js';
import {html, type Markup, type Part} from './markup.js';
import {HUES, type Hue, type Tile, treemapTiles} from './treemap.js';

/** The title, the summary and the sections of a page. */
export interface Page {
  readonly title: string;
  readonly main: Iterable<Markup>;
  /** JSON of a `PageData`. A page without changes has no data and no script. */
  readonly data?: Iterable<string>;
}

/** At most this many problems, deletes and so on are listed; the rest is only counted. */
export const MAX_LISTED = 200;

export const WIDTH = 1040;
const HEIGHT = 440;

/** Renders a list of names and values, such as the roots. */
export function facts(rows: readonly (readonly [name: string, value: Part] | false | undefined)[]): Markup {
  const shown = rows.filter((row) => row !== false && row !== undefined);
  return html`<dl class="facts">${shown.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>\n`;
}

/** Renders a path. A long path breaks at its slashes. */
export function path(text: string): Markup {
  const [first, ...rest] = text.split('/');
  return html`<code>${first}${rest.map((part) => html`/<wbr>${part}`)}</code>`;
}

/** Renders a kind of change: its glyph and its name. */
export function kindLabel(kind: ActionKind): Markup {
  return html`<span class="kind ${kind}"><b aria-hidden="true">${GLYPHS[kind]}</b> ${kind}</span>`;
}

/** Returns a section with a heading. */
export function section(
  options: {readonly id: string; readonly heading: string; readonly className?: string},
  content: Part,
): Markup {
  const {id, heading, className = ''} = options;
  return html`<section id="${id}" class="${className}" aria-labelledby="${id}-heading">
<h2 id="${id}-heading">${heading}</h2>
${content}</section>\n`;
}

export interface TableOptions {
  readonly caption: string;
  /** Headings. One that starts with "#" is above numbers. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Part[])[];
  /** Whether the table may be long enough to scroll separately. */
  readonly long?: boolean;
}

/** Renders a table. The first cell of each row is its heading. */
export function table({caption, columns, rows, long}: TableOptions): Markup {
  const numeric = columns.map((column) => column.startsWith('#'));
  const cells = (row: readonly Part[]) =>
    row.map((cell, i) => {
      if (i === 0) return html`<th scope="row">${cell}</th>`;
      return numeric[i] ? html`<td class="number">${cell}</td>` : html`<td>${cell}</td>`;
    });
  return html`<div class="scroll${long && ' long'}"${long && html` role="region" aria-label="${caption}" tabindex="0"`}><table>
<caption>${caption}</caption>
<thead><tr>${columns.map((column, i) => html`<th scope="col"${numeric[i] && html` class="number"`}>${column.replace(/^#/, '')}</th>`)}</tr></thead>
<tbody>
${rows.map((row) => html`<tr>${cells(row)}</tr>\n`)}</tbody>
</table></div>\n`;
}

/** Renders how many items a list leaves out. */
export function more(count: number, words: string): Part {
  return count > 0 && html`<p class="more">… and ${formatCount(count)} more ${words}</p>\n`;
}

/** Returns a table with the number of actions and bytes by kind. */
export function kindTable(kinds: Readonly<Record<ActionKind, KindTotals>>): Markup {
  const shown = ACTION_KINDS.filter((kind) => kinds[kind].count > 0);
  return table({
    caption: 'Changes by kind',
    columns: ['Kind', '#Changes', '#Size'],
    rows: shown.map((kind) => [kindLabel(kind), formatCount(kinds[kind].count), bytesOrNone(kinds[kind].bytes)]),
  });
}

/** Returns bytes with a unit, or a dash for 0. */
export function bytesOrNone(bytes: number): string {
  return bytes > 0 ? formatBytes(bytes) : '–';
}

/** Returns the section with all problems. */
export function problemSection(problems: readonly Problem[]): Part {
  if (problems.length === 0) return undefined;
  const rows = problems
    .slice(0, MAX_LISTED)
    .map(({path: at, side, code, message}) => [
      path(plainPath(at)),
      side,
      html`<code class="whole">${escapeName(code)}</code>`,
      escapeName(message),
    ]);
  return section({id: 'problems', heading: `Problems (${formatCount(problems.length)})`, className: 'problems'}, [
    table({caption: 'Paths with problems', columns: ['Path', 'Side', 'Code', 'What happened'], rows, long: true}),
    more(problems.length - rows.length, 'problems'),
  ]);
}

/** Renders the section where the script builds the searchable tree. Without the script, it shows the list of changes. */
export function explorer(list: Part): Markup {
  return section({id: 'changes', heading: 'Changes', className: 'changes'}, [
    html`<div id="explorer" hidden></div>\n<div id="list">${list}</div>\n`,
  ]);
}

// ── The picture ────────────────────────────────────────────────────────────────────────────────────────────────────────

const LEGEND: readonly [hue: Hue, glyph: string, words: string][] = [
  ['create', GLYPHS.create, 'created'],
  ['update', GLYPHS.update, 'updated'],
  ['replace', GLYPHS.replace, 'replaced'],
  ['link', GLYPHS.link, 'hard-linked'],
  ['move', GLYPHS.move, 'moved'],
  ['attrs', GLYPHS.attrs, 'attributes only'],
  ['delete', GLYPHS.delete, 'deleted'],
];

/** Returns the section with a treemap of the changes. */
export function pictureSection(changes: readonly Change[]): Part {
  if (changes.length === 0) return undefined;
  const tiles = treemapTiles({changes, width: WIDTH, height: HEIGHT});
  const hues = new Set(tiles.filter(({frame}) => !frame).map(({kind}) => HUES[kind]));
  const bytes = changes.reduce((sum, change) => sum + change.bytes, 0);
  const label = `Treemap of ${formatPlural(changes.length, 'change')}, ${formatBytes(bytes)}, by folder; the tables and the tree show the same in text`;
  return section({id: 'picture', heading: 'Where it changes', className: 'picture'}, [
    html`<figure>
<div class="scroll">
<svg class="map" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}">
${PATTERNS}${tiles.map(tileShape)}</svg>
</div>
<figcaption>
<ul class="legend">${LEGEND.filter(([hue]) => hues.has(hue)).map(legendItem)}</ul>
<p>The area of a tile is the size of what is written or deleted, plus a little for each change, so that changes without content are visible. <span class="with-script">Click a tile, or press Enter on it, to open it in the tree.</span></p>
</figcaption>
</figure>\n`,
  ]);
}

/** Renders the meaning of the glyphs that occur in `shown`. */
export function kindLegend(shown: string): Markup {
  const items = LEGEND.filter(([, glyph]) => shown.includes(glyph));
  return html`<ul class="legend">${items.map(([hue, glyph, words]) => html`<li class="${hue}"><b>${glyph}</b> ${words}</li>`)}</ul>\n`;
}

function legendItem([hue, glyph, words]: (typeof LEGEND)[number]): Markup {
  return html`<li><svg class="swatch hue-${hue}" viewBox="0 0 18 18" aria-hidden="true">${shape(hue, 18, 18)}</svg> <b aria-hidden="true">${glyph}</b> ${words}</li>`;
}

/** Patterns, so that tiles without room for a glyph can be distinguished without colour. */
const PATTERNS = html`<defs>
<pattern id="p-update" width="6" height="6" patternUnits="userSpaceOnUse"><circle cx="2" cy="2" r="1"/></pattern>
<pattern id="p-replace" width="7" height="7" patternUnits="userSpaceOnUse"><path d="M0 0 7 7M7 0 0 7"/></pattern>
<pattern id="p-link" width="6" height="6" patternUnits="userSpaceOnUse"><path d="M0 3H6"/></pattern>
<pattern id="p-move" width="8" height="6" patternUnits="userSpaceOnUse"><path d="M0 0 4 3 0 6"/></pattern>
<pattern id="p-attrs" width="6" height="6" patternUnits="userSpaceOnUse"><path d="M3 0V6"/></pattern>
<pattern id="p-delete" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path d="M0 0V6"/></pattern>
</defs>
`;

function shape(hue: Hue, width: number, height: number): Markup {
  const pattern = hue !== 'create' && html`<rect class="pattern" width="${width}" height="${height}" fill="url(#p-${hue})"/>`;
  return html`<rect width="${width}" height="${height}"/>${pattern}`;
}

function tileShape(tile: Tile): Markup {
  const {x, y, width, height, frame, heading, kind} = tile;
  const title = html`<title>${tileWords(tile)}</title>`;
  const content = frame
    ? html`<rect width="${width}" height="${height}"/>${heading > 0 && html`<text x="5" y="12.5">${shorten(labelOf(tile), width)}</text>`}`
    : html`${shape(HUES[kind], width, height)}${tileText(tile)}`;
  // An inner svg clips its content.
  return html`<svg class="${frame ? 'frame' : `tile hue-${HUES[kind]}`}" x="${x}" y="${y}" width="${width}" height="${height}" data-path="${plainPath(tile.path)}">${title}${content}</svg>
`;
}

function tileText(tile: Tile): Part {
  const {part, width, height, kind, changes, bytes} = tile;
  if (width < 14 || height < 16) return undefined;
  const size = bytesOrNone(bytes);
  const count = formatPlural(changes, 'change');
  const first =
    part === 'kind'
      ? glyphWith(GLYPHS[kind], ` ${formatCount(changes)}`, width)
      : shorten(`${GLYPHS[kind]} ${labelOf(tile)}`, width);
  const second = part === 'kind' || changes === 1 ? size : count;
  const roomy = height >= 34 && width >= 50;
  return html`<text x="5" y="13">${first}</text>${roomy && html`<text class="size" x="5" y="28">${shorten(second, width)}</text>`}`;
}

function labelOf({part, name, folder}: Tile): string {
  if (part === 'rest') return 'others';
  return name === '' ? '.' : `${escapeName(name)}${folder ? '/' : ''}`;
}

const LETTER = 6.6;

/** Returns the glyph with the number if both fit, or only the glyph. */
function glyphWith(glyph: string, number: string, width: number): string {
  return shorten(glyph + number, width) === glyph + number ? glyph + number : glyph;
}

/** Shortens a text to a width, estimated without drawing it. */
function shorten(text: string, width: number): string {
  const letters = [...text];
  const room = Math.floor((width - 8) / LETTER);
  if (letters.length <= room) return text;
  return room < 3 ? (letters[0] ?? '') : `${letters.slice(0, room - 1).join('')}…`;
}

function tileWords({path: at, part, folder, changes, bytes, counts}: Tile): string {
  const kinds = ACTION_KINDS.filter((kind) => counts[kind] !== undefined);
  const words = kinds.map((kind) => `${formatCount(counts[kind] as number)} ${kind}`).join(', ');
  const isFolder = folder || part !== 'whole';
  const where = `${part === 'rest' ? 'others in ' : ''}${plainPath(at)}${isFolder ? '/' : ''}`;
  return `${where}: ${changes === 1 ? kinds[0] : words}${bytes > 0 ? `, ${formatBytes(bytes)}` : ''}`;
}
