/** The tree of changes as a WAI-ARIA tree. Only the rows in view are in the document. */
import {ACTION_KINDS} from '../core/action.js';
import {formatPlural} from '../core/count.js';
import type {PageData} from '../report/html/page-data.js';
import {formatBytes} from '../report/words/units.js';
import {GLYPHS} from '../report/words/words.js';
import {element} from './dom.js';
import type {TreeModel} from './model.js';

/** Pixels, as in the style sheet. */
const ROW_HEIGHT = 28;
/** Number of rows that are drawn above and below those in view. */
const MARGIN = 10;
/** Letters typed within this many milliseconds belong to one word. */
const TYPING = 600;

export interface TreeOptions {
  readonly data: PageData;
  readonly model: TreeModel;
  readonly onSelect: (row: number) => void;
  /** Called for Enter on a row without children. */
  readonly onEnter: () => void;
}

/** Draws the visible part of the tree of changes and handles its keys and clicks. */
export class Tree {
  readonly element: HTMLElement;
  readonly #rows = element('div', {class: 'rows', role: 'presentation'});
  readonly #options: TreeOptions;
  #selected = -1;
  #typed = '';
  #typedAt = 0;

  constructor(options: TreeOptions) {
    this.#options = options;
    this.element = element('div', {class: 'tree', role: 'tree', tabindex: 0, 'aria-label': 'Changes by folder'}, this.#rows);
    this.element.addEventListener('scroll', () => this.#draw(), {passive: true});
    this.element.addEventListener('keydown', (event) => this.#onKey(event));
    this.element.addEventListener('click', (event) => this.#onClick(event));
    new ResizeObserver(() => this.#draw()).observe(this.element);
  }

  /** Draws the rows after the model changed, and selects another row if the selected one is hidden. */
  refresh(): void {
    const {visible} = this.#options.model;
    if (indexOf(visible, this.#selected) < 0) this.#select(visible[0] ?? -1);
    this.#draw();
  }

  /** Opens the folders above the row, selects it and scrolls it into view. */
  show(row: number): void {
    if (!this.#options.model.reveal(row)) return;
    this.#select(row);
    this.#scrollTo(row);
    this.#draw();
  }

  #select(row: number): void {
    this.#selected = row;
    this.#options.onSelect(row);
  }

  #scrollTo(row: number): void {
    const top = indexOf(this.#options.model.visible, row) * ROW_HEIGHT;
    const {scrollTop, clientHeight} = this.element;
    if (top < scrollTop) this.element.scrollTop = top;
    else if (top + ROW_HEIGHT > scrollTop + clientHeight) this.element.scrollTop = top + ROW_HEIGHT - clientHeight;
  }

  #draw(): void {
    const {visible} = this.#options.model;
    const {scrollTop, clientHeight} = this.element;
    const first = Math.max(0, Math.floor(scrollTop / ROW_HEIGHT) - MARGIN);
    const last = Math.min(visible.length, Math.ceil((scrollTop + clientHeight) / ROW_HEIGHT) + MARGIN);
    const selected = indexOf(visible, this.#selected);
    const drawn: HTMLElement[] = [];
    for (let index = first; index < last; index++) drawn.push(this.#row(visible[index] as number, index));
    // The selected row is always in the document, because the focus of the tree refers to it.
    if (selected >= 0 && (selected < first || selected >= last)) drawn.push(this.#row(this.#selected, selected));
    this.#rows.style.height = `${visible.length * ROW_HEIGHT}px`;
    this.#rows.replaceChildren(...drawn);
    if (selected >= 0) this.element.setAttribute('aria-activedescendant', `row-${this.#selected}`);
    else this.element.removeAttribute('aria-activedescendant');
  }

  #row(row: number, index: number): HTMLElement {
    const {data, model} = this.#options;
    const [depth, name, kind, bytes = 0, note = -1, before, after] = model.row(row);
    const folder = model.isFolder(row);
    const open = folder && model.isOpen(row);
    const action = kind === undefined ? undefined : ACTION_KINDS[kind];
    const {position, siblings} = model.place(row);
    const [old, move] = [model.oldOf(row), model.moveOf(row)];
    const shownKind = action ?? (move === undefined ? undefined : 'move');
    const notes = [
      folder && !open ? formatPlural(model.counts[row] as number, 'change') : '',
      old === undefined ? '' : `from ${model.path(old)}`,
      move === undefined ? '' : `${action ? 'the old entry ' : ''}to ${model.path(move)}`,
      folder && !open ? '' : (data.notes[note] ?? ''),
    ].filter((text) => text !== '');
    const link = (after || before || undefined)?.[3];
    const total = folder ? (model.bytes[row] as number) : bytes;
    const drawn = element(
      'div',
      {
        id: `row-${row}`,
        class: 'row',
        role: 'treeitem',
        'aria-level': depth + 1,
        'aria-posinset': position,
        'aria-setsize': siblings,
        'aria-selected': row === this.#selected ? 'true' : 'false',
        'aria-expanded': folder ? String(open) : undefined,
      },
      element('span', {class: 'twisty', 'aria-hidden': 'true'}, folder ? (open ? '▾' : '▸') : ''),
      element('span', {class: `glyph ${shownKind ?? ''}`, 'aria-hidden': 'true'}, shownKind ? GLYPHS[shownKind] : ''),
      element('span', {class: 'name'}, name, ...(link === undefined ? [] : [element('span', {class: 'dim'}, ` → ${link}`)])),
      element('span', {class: 'unseen'}, `, ${shownKind ?? 'folder'}, `),
      element('span', {class: 'note dim'}, notes.join(', ')),
      element('span', {class: 'bytes'}, total > 0 && !open ? formatBytes(total) : ''),
    );
    drawn.style.top = `${index * ROW_HEIGHT}px`;
    drawn.style.paddingInlineStart = `${Math.min(depth, 24) * 18 + 4}px`;
    return drawn;
  }

  #onClick(event: MouseEvent): void {
    const target = event.target as HTMLElement;
    const row = Number(target.closest('.row')?.id.slice('row-'.length) ?? -1);
    if (row < 0) return;
    const {model} = this.#options;
    if (model.isFolder(row) && (target.classList.contains('twisty') || row === this.#selected))
      model.setOpen(row, !model.isOpen(row));
    this.#select(row);
    this.#draw();
  }

  #onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key.length > 1) this.#typed = '';
    const to = this.#keyTarget(event);
    if (to === undefined) return;
    event.preventDefault();
    // The page handles '/', which starts a search.
    event.stopPropagation();
    if (to >= 0) {
      this.#select(to);
      this.#scrollTo(to);
    }
    this.#draw();
  }

  /** Returns the row that a key selects; undefined for other keys. */
  #keyTarget({key}: KeyboardEvent): number | undefined {
    const {model, onEnter} = this.#options;
    const {visible} = model;
    const row = this.#selected;
    const index = indexOf(visible, row);
    const page = Math.max(1, Math.floor(this.element.clientHeight / ROW_HEIGHT) - 1);
    const near = (to: number) => visible[Math.min(visible.length - 1, Math.max(0, to))] ?? -1;
    switch (key) {
      case 'ArrowDown':
        return near(index + 1);
      case 'ArrowUp':
        return near(index - 1);
      case 'PageDown':
        return near(index + page);
      case 'PageUp':
        return near(index - page);
      case 'Home':
        return near(0);
      case 'End':
        return near(visible.length - 1);
      case 'ArrowRight':
        if (!model.isFolder(row)) return row;
        if (model.isOpen(row)) return near(index + 1);
        model.setOpen(row, true);
        return row;
      case 'ArrowLeft':
        if (!model.isFolder(row) || !model.isOpen(row)) return model.parent(row) < 0 ? row : model.parent(row);
        model.setOpen(row, false);
        return row;
      case 'Enter':
      case ' ':
        if (model.isFolder(row)) model.setOpen(row, !model.isOpen(row));
        else onEnter();
        return row;
      default:
        return key.length === 1 && key !== '/' ? this.#typeAhead(key) : undefined;
    }
  }

  /** Returns the next row whose name begins with the typed letters. */
  #typeAhead(key: string): number {
    const {model} = this.#options;
    const {visible} = model;
    const now = performance.now();
    this.#typed = now - this.#typedAt < TYPING ? this.#typed + key.toLowerCase() : key.toLowerCase();
    this.#typedAt = now;
    const start = Math.max(0, indexOf(visible, this.#selected)) + (this.#typed.length === 1 ? 1 : 0);
    for (let i = 0; i < visible.length; i++) {
      const row = visible[(start + i) % visible.length] as number;
      if (model.row(row)[1].toLowerCase().startsWith(this.#typed)) return row;
    }
    return this.#selected;
  }
}

/** Returns the position of a row in a sorted list, or -1. */
function indexOf(sorted: readonly number[], row: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < row) low = middle + 1;
    else high = middle;
  }
  return sorted[low] === row ? low : -1;
}
