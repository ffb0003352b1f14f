/** The page of a history: a table of runs, and charts over time. */

import {ACTION_KINDS} from '../../core/action.js';
import {formatCount, formatPlural} from '../../core/count.js';
import {escapeName} from '../../core/escape.js';
import {unfinished} from '../../core/outcome.js';
import type {RunSummary} from '../../core/run.js';
import type {HistorySubject} from '../subject.js';
import {formatBytes, formatDuration, formatIsoTime} from '../words/units.js';
import {glyphWords} from '../words/words.js';
import {html, type Markup, type Part} from './markup.js';
import {facts, kindLegend, more, type Page, path, section, table, WIDTH} from './parts.js';

const MAX_RUNS = 500;
const MAX_BARS = 60;

/** Returns the page of a history. */
export function historyPage({target, runs}: HistorySubject): Page {
  return {title: `dirsync history: ${escapeName(target)}`, main: historyMain({type: 'history', target, runs})};
}

function* historyMain({target, runs}: HistorySubject): Generator<Markup> {
  const first = runs.at(-1);
  yield html`<header><p class="what">dirsync history</p>
<h1>${runs.length === 0 ? 'No runs yet.' : `${formatPlural(runs.length, 'run')} into ${escapeName(target)}`}</h1>
${facts([['Target', path(escapeName(target))], first && ['First run', formatIsoTime(first.header.started)]])}</header>
<main>
`;
  if (runs.length > 0) {
    yield chartSection(runs);
    yield section({id: 'runs', heading: 'Runs'}, runTable(runs));
  }
  yield html`</main>\n`;
}

function runTable(runs: readonly RunSummary[]): Part {
  const rows = runs.slice(0, MAX_RUNS).map((run): Part[] => {
    const {header, end, problems} = run;
    return [
      html`<time datetime="${escapeName(header.started)}">${formatIsoTime(header.started)}</time>`,
      outcome(run),
      formatCount(changesOf(run)),
      glyphWords(run.kinds)
        .split(' ')
        .map((words) => html`<span class="mix">${words}</span> `),
      end ? formatBytes(end.bytes) : '–',
      end ? formatDuration(durationOf(run)) : '–',
      problems > 0 ? formatCount(problems) : '–',
      path(escapeName(header.id)),
    ];
  });
  return [
    table({
      caption: 'Runs, newest first',
      columns: ['Started', 'Outcome', '#Changes', 'Kinds', '#Written', '#Took', '#Problems', 'Run'],
      rows,
    }),
    kindLegend(runs.map(({kinds}) => glyphWords(kinds)).join(' ')),
    more(runs.length - rows.length, 'runs'),
  ];
}

function outcome({end, problems}: RunSummary): string {
  if (!end) return '? unfinished';
  const {counts, interrupted} = end;
  if (interrupted) return `! ${interrupted}`;
  return unfinished(counts) + problems > 0 ? '! incomplete' : '✓ done';
}

function changesOf({end, kinds}: RunSummary): number {
  return end?.counts.done ?? ACTION_KINDS.reduce((sum, kind) => sum + kinds[kind].count, 0);
}

function durationOf({header, end}: RunSummary): number {
  return end ? Math.max(0, Date.parse(end.finished) - Date.parse(header.started)) : 0;
}

// ── The chart ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const BAR_HEIGHT = 70;
const BAR_WIDTH = WIDTH / 3 - 20;

function chartSection(all: readonly RunSummary[]): Markup {
  const runs = all.slice(0, MAX_BARS).reverse();
  const charts = [
    chart('Changes', runs, {value: changesOf, words: formatCount}),
    chart('Written', runs, {value: ({end}) => end?.bytes ?? 0, words: formatBytes}),
    chart('Took', runs, {value: durationOf, words: formatDuration}),
  ];
  const note = html`<p class="dim">From the oldest on the left to the newest on the right${all.length > MAX_BARS && ` of the last ${MAX_BARS}`}; the table has the numbers.</p>\n`;
  return section({id: 'chart', heading: 'Over time'}, [html`<div class="charts">${charts}</div>\n`, note]);
}

interface Measure {
  readonly value: (run: RunSummary) => number;
  readonly words: (value: number) => string;
}

function chart(name: string, runs: readonly RunSummary[], {value, words}: Measure): Markup {
  const values = runs.map(value);
  const top = Math.max(...values);
  const step = Math.min(24, BAR_WIDTH / runs.length);
  const bars = runs.map((run, i) => {
    const height = top === 0 ? 0 : Math.max(1, ((values[i] as number) / top) * BAR_HEIGHT);
    const title = html`<title>${formatIsoTime(run.header.started)}: ${words(values[i] as number)}</title>`;
    return html`<rect x="${round(i * step)}" y="${round(BAR_HEIGHT - height)}" width="${round(Math.max(1, step - 2))}" height="${round(height)}">${title}</rect>`;
  });
  return html`<figure><figcaption>${name} <span class="dim">up to ${words(top)}</span></figcaption>
<svg class="chart" viewBox="0 0 ${round(BAR_WIDTH)} ${BAR_HEIGHT + 1}" role="img" aria-label="${name} of ${formatPlural(runs.length, 'run')}, up to ${words(top)}">${bars}<path class="axis" d="M0 ${BAR_HEIGHT + 0.5}H${round(BAR_WIDTH)}"/></svg>
</figure>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
