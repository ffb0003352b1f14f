/** The script of a report: replaces the list of changes with a searchable tree. */
import {ACTION_KINDS} from '../core/action.js';
import {formatCount, formatPlural} from '../core/count.js';
import type {PageData} from '../report/html/page-data.js';
import {GLYPHS} from '../report/words/words.js';
import {details} from './details.js';
import {element} from './dom.js';
import {TreeModel} from './model.js';
import {openFromPicture} from './picture.js';
import {Tree} from './tree.js';

/** Milliseconds from the last key to the search. */
const PAUSE = 80;

const place = document.getElementById('explorer');
if (place) explore(place, JSON.parse(document.getElementById('data')?.textContent ?? '') as PageData);

function explore(explorer: HTMLElement, data: PageData): void {
  const model = new TreeModel(data);
  const panel = element('section', {class: 'details', 'aria-label': 'Details of the selected row', tabindex: -1});
  const tree = new Tree({
    data,
    model,
    onSelect: (row) => panel.replaceChildren(...(row < 0 ? [] : details({data, model, row, show: (to) => tree.show(to)}))),
    onEnter: () => panel.focus(),
  });
  const search = element('input', {
    type: 'search',
    id: 'search',
    autocomplete: 'off',
    spellcheck: 'false',
    'aria-keyshortcuts': '/',
  });
  const found = element('p', {class: 'found', role: 'status', 'aria-live': 'polite'});
  const hiddenKinds = new Set<number>();
  const hiddenNotes = new Set<number>();

  const apply = () => {
    const count = model.filter({query: search.value.trim(), hiddenKinds, hiddenNotes});
    found.textContent =
      count === model.changes
        ? `All ${formatPlural(count, 'change')}`
        : `${formatCount(count)} of ${formatPlural(model.changes, 'change')}`;
    tree.element.scrollTop = 0;
    tree.refresh();
  };

  let timer = 0;
  search.addEventListener('input', () => {
    clearTimeout(timer);
    timer = window.setTimeout(apply, PAUSE);
  });
  search.addEventListener('keydown', ({key}) => {
    if (key === 'Enter' || key === 'ArrowDown') {
      clearTimeout(timer);
      apply();
      tree.element.focus();
    } else if (key === 'Escape') {
      search.value = '';
      apply();
    }
  });
  panel.addEventListener('keydown', ({key}) => {
    if (key === 'Escape') tree.element.focus();
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.target === search || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    search.focus();
    search.select();
  });

  const kinds = new Set(data.rows.map(([, , kind]) => kind).filter((kind) => kind !== undefined));
  const filters = [
    facet({
      legend: 'Kinds',
      choices: ACTION_KINDS.map((kind, value) => ({value, label: `${GLYPHS[kind]} ${kind}`})).filter(({value}) =>
        kinds.has(value),
      ),
      hidden: hiddenKinds,
      onChange: apply,
    }),
  ];
  if (data.filterByNote && data.notes.length > 1) {
    const choices = data.notes.map((label, value) => ({value, label}));
    filters.push(facet({legend: data.noteLabel, choices, hidden: hiddenNotes, onChange: apply}));
  }

  const button = (text: string, onClick: () => void) => {
    const made = element('button', {type: 'button'}, text);
    made.addEventListener('click', () => {
      onClick();
      tree.refresh();
    });
    return made;
  };
  const bar = element(
    'div',
    {class: 'bar', role: 'search'},
    element('label', {for: 'search'}, 'Search paths'),
    search,
    button('Open all', () => model.setAllOpen(true)),
    button('Close all', () => model.setAllOpen(false)),
  );
  const keys =
    'Arrow keys move, open and close; letters jump to a name; / searches; Enter goes to the details, Escape goes back.';
  explorer.append(
    bar,
    element('div', {class: 'filters'}, ...filters, found),
    element('div', {class: 'panes'}, tree.element, panel),
    element('p', {class: 'dim keys'}, keys),
  );
  explorer.hidden = false;
  document.documentElement.classList.add('scripted');
  apply();

  const picture = document.querySelector<SVGSVGElement>('svg.map');
  if (picture) {
    openFromPicture(picture, (path) => {
      const row = model.find(path);
      if (row === undefined) return;
      search.value = '';
      apply();
      tree.show(row);
      if (model.isFolder(row)) model.setOpen(row, true);
      tree.show(row);
      explorer.scrollIntoView({block: 'start'});
      tree.element.focus({preventScroll: true});
    });
  }
}

interface FacetOptions {
  readonly legend: string;
  readonly choices: readonly {readonly value: number; readonly label: string}[];
  /** The values that are not checked. */
  readonly hidden: Set<number>;
  readonly onChange: () => void;
}

function facet({legend, choices, hidden, onChange}: FacetOptions): HTMLElement {
  const boxes = choices.map(({value, label}) => {
    const box = element('input', {type: 'checkbox', checked: true});
    box.addEventListener('change', () => {
      if (box.checked) hidden.delete(value);
      else hidden.add(value);
      onChange();
    });
    return element('label', {}, box, ` ${label}`);
  });
  return element('fieldset', {}, element('legend', {}, legend), ...boxes);
}
