/** The page of a run, with problems first. */

import {formatCount, formatPlural} from '../../core/count.js';
import {escapeName} from '../../core/escape.js';
import type {OutcomeStatus} from '../../core/outcome.js';
import {doneKinds, movedBy, type Run, type RunStep} from '../../core/run.js';
import type {RunSubject} from '../subject.js';
import {formatBytes, formatDuration, formatIsoTime} from '../words/units.js';
import {endSentence, movedWords, OUTCOMES, plainPath, stepWords} from '../words/words.js';
import {html, type Markup, type Part} from './markup.js';
import {runData} from './page-data.js';
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

const STATUSES = Object.keys(OUTCOMES) as OutcomeStatus[];

/** Returns the page of a run. */
export function runPage({run}: RunSubject): Page {
  const title = `dirsync run: ${escapeName(run.header.source)} → ${escapeName(run.header.target)}`;
  return {title, main: runMain(run), ...(run.steps.length > 0 && {data: runData(run)})};
}

function* runMain(run: Run): Generator<Markup> {
  const {header, steps, problems, end} = run;
  const left = steps.filter(({status}) => status !== 'done' && status !== 'already-done');
  yield html`<header><p class="what">dirsync run</p>
<h1>${endSentence(run.end, run.problems.length)}</h1>
${runFacts(run)}</header>
<main>
${problemSection(problems)}${leftSection(left)}`;
  const counts = end?.counts ?? countStatuses(steps);
  yield html`${pictureSection(steps)}`;
  if (steps.length > 0) {
    yield html`<div class="columns">${section({id: 'outcomes', heading: 'Outcomes'}, outcomeTable(counts))}${section(
      {id: 'totals', heading: 'Done'},
      kindTable(doneKinds(steps)),
    )}</div>\n`;
    yield explorer(stepList(steps));
  } else {
    yield html`<p>${header.changes === 0 ? 'There was nothing to do.' : 'No change was started.'}</p>\n`;
  }
  yield html`</main>\n`;
}

function runFacts({header, steps, end}: Run): Markup {
  const moved = movedWords(movedBy(steps));
  const {id, planId, writer, source, target, started, changes, bytes} = header;
  const ms = end && Math.max(0, Date.parse(end.finished) - Date.parse(started));
  return facts([
    ['Source', path(escapeName(source))],
    ['Target', path(escapeName(target))],
    ['Started', html`<time datetime="${escapeName(started)}">${formatIsoTime(started)}</time> by ${escapeName(writer)}`],
    end && ['Took', html`${formatDuration(ms ?? 0)}, ${formatBytes(end.bytes)} written`],
    moved !== '' && ['Moved', moved],
    ['Planned', html`${formatPlural(changes, 'change')}, ${formatBytes(bytes)} to write`],
    ['Run', html`${path(escapeName(id))} of plan ${path(escapeName(planId))}`],
  ]);
}

function leftSection(steps: readonly RunStep[]): Part {
  if (steps.length === 0) return undefined;
  const rows = steps.slice(0, MAX_LISTED).map(stepRow);
  return section({id: 'left', heading: `Not done (${formatCount(steps.length)})`}, [
    table({caption: 'Changes that were not made', columns: ['Path', 'Kind', 'Outcome', '#Size'], rows, long: true}),
    more(steps.length - rows.length, 'changes'),
  ]);
}

function outcomeTable(counts: Readonly<Record<OutcomeStatus, number>>): Markup {
  const rows = STATUSES.filter((status) => counts[status] > 0).map((status) => [OUTCOMES[status], formatCount(counts[status])]);
  return table({caption: 'Changes by outcome', columns: ['Outcome', '#Changes'], rows});
}

function stepList(steps: readonly RunStep[]): Part {
  const rows = steps.slice(0, MAX_LISTED).map(stepRow);
  return [
    table({
      caption: 'The first changes, in the order in which they finished',
      columns: ['Path', 'Kind', 'Outcome', '#Size'],
      rows,
    }),
    more(steps.length - rows.length, 'changes'),
  ];
}

function stepRow(step: RunStep): Part[] {
  const {path: at, kind, status, bytes} = step;
  const outcome = [OUTCOMES[status], stepWords(step)].filter((part) => part !== '').join(' · ');
  return [path(plainPath(at)), kindLabel(kind), outcome, bytesOrNone(bytes)];
}

function countStatuses(steps: readonly RunStep[]): Record<OutcomeStatus, number> {
  const counts = Object.fromEntries(STATUSES.map((status) => [status, 0])) as Record<OutcomeStatus, number>;
  for (const {status} of steps) counts[status]++;
  return counts;
}
