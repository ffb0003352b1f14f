/** The model of the tree: which rows are visible, and how many changes are below each. It does not use the DOM. */
import type {PageData} from '../report/html/page-data.js';

export interface Filter {
  /** A text to find in paths, ignoring case; '' matches all. */
  readonly query: string;
  /** Indexes of the hidden kinds and notes. */
  readonly hiddenKinds: ReadonlySet<number>;
  readonly hiddenNotes: ReadonlySet<number>;
}

/** The position of a row among its visible siblings, from 1. */
export interface Position {
  readonly position: number;
  readonly siblings: number;
}

/** With at most this many changes, all folders are open at first. */
const ALL_OPEN = 100;
/** Otherwise, folders are opened from the top until about this many rows are visible. */
const ENOUGH = 30;

/** The tree of changes in a report: which rows are visible, filtered and open. */
export class TreeModel {
  /** The number of rows. Rows are indexes into the data; -1 stands for the root. */
  readonly size: number;
  readonly changes: number;
  /** Changes and bytes of each row, including everything below it. */
  readonly counts: Int32Array;
  readonly bytes: Float64Array;
  /** The visible rows, in order. */
  visible: number[] = [];
  readonly #data: PageData;
  readonly #parents: Int32Array;
  /** For each row, the index after the last row below it. */
  readonly #ends: Int32Array;
  #open: Uint8Array;
  /** `#open` before the search. */
  #openBefore: Uint8Array | undefined;
  /** 1: the row matches; 2: a row below matches. */
  #found: Uint8Array | undefined;
  #positions: Int32Array;
  #siblings: Int32Array;
  #paths: string[] | undefined;
  /** The old path of each move, and the move of each old path: rows. */
  readonly #oldOf: ReadonlyMap<number, number>;
  readonly #moveOf: ReadonlyMap<number, number>;

  constructor(data: PageData) {
    const {rows} = data;
    this.#data = data;
    this.size = rows.length;
    this.counts = new Int32Array(this.size);
    this.bytes = new Float64Array(this.size);
    this.#parents = new Int32Array(this.size);
    this.#ends = new Int32Array(this.size);
    this.#open = new Uint8Array(this.size);
    this.#positions = new Int32Array(this.size);
    // The last element counts the children of the root.
    this.#siblings = new Int32Array(this.size + 1);
    const above: number[] = [];
    rows.forEach(([depth], row) => {
      above.length = depth;
      this.#parents[row] = above.at(-1) ?? -1;
      above.push(row);
    });
    let changes = 0;
    for (let row = this.size - 1; row >= 0; row--) {
      const [, , kind, bytes = 0] = this.row(row);
      if (kind !== undefined) {
        changes++;
        add(this.counts, row, 1);
        add(this.bytes, row, bytes);
      }
      this.#ends[row] ||= row + 1;
      const parent = this.parent(row);
      if (parent < 0) continue;
      this.#ends[parent] ||= at(this.#ends, row);
      add(this.counts, parent, at(this.counts, row));
      add(this.bytes, parent, at(this.bytes, row));
    }
    this.changes = changes;
    this.#oldOf = new Map(data.moves.map(([old, now]) => [now, old]));
    this.#moveOf = new Map(data.moves);
    for (const [old, now] of data.moves) {
      // In a folder, a move out of it is a change too.
      for (let row = old; row >= 0 && !(row <= now && now < at(this.#ends, row)); row = this.parent(row))
        add(this.counts, row, 1);
    }
    this.#openFirst();
    this.#update();
  }

  row(row: number): PageData['rows'][number] {
    return this.#data.rows[row] as PageData['rows'][number];
  }

  parent(row: number): number {
    return at(this.#parents, row);
  }

  path(row: number): string {
    const name = this.row(row)[1];
    const parent = this.parent(row);
    if (parent < 0) return name;
    const above = this.path(parent);
    return above.endsWith('/') ? above + name : `${above}/${name}`;
  }

  /** Returns the row of the old path of a move; undefined for other rows. */
  oldOf(row: number): number | undefined {
    return this.#oldOf.get(row);
  }

  /** Returns the row of the move of what is at this path now; undefined if it does not move. */
  moveOf(row: number): number | undefined {
    return this.#moveOf.get(row);
  }

  /** Whether a row has rows below it. */
  isFolder(row: number): boolean {
    return at(this.#ends, row) > row + 1;
  }

  isOpen(row: number): boolean {
    return this.#open[row] === 1;
  }

  setOpen(row: number, open: boolean): void {
    this.#open[row] = open ? 1 : 0;
    this.#update();
  }

  setAllOpen(open: boolean): void {
    this.#open.fill(open ? 1 : 0);
    this.#update();
  }

  place(row: number): Position {
    return {position: at(this.#positions, row), siblings: at(this.#siblings, this.#slot(this.parent(row)))};
  }

  /** Opens the folders above a row. Returns false if a filter hides the row. */
  reveal(row: number): boolean {
    if (this.#found?.[row] === 0) return false;
    for (let parent = this.parent(row); parent >= 0; parent = this.parent(parent)) this.#open[parent] = 1;
    this.#update();
    return true;
  }

  /** Returns the row of a path, with or without its trailing "/"; undefined if there is none. */
  find(path: string): number | undefined {
    const names = path.split('/').filter((name) => name !== '');
    let row = 0;
    let end = this.size;
    for (const [depth, name] of names.entries()) {
      while (row < end && this.row(row)[1].replace(/\/$/, '') !== name) row = at(this.#ends, row);
      if (row >= end) return undefined;
      if (depth === names.length - 1) return row;
      end = at(this.#ends, row);
      row++;
    }
    return undefined;
  }

  /** Shows the matching rows and the folders above them, which are opened. Returns the number of matching changes. */
  filter(filter: Filter): number {
    const query = filter.query.toLowerCase();
    const {hiddenKinds, hiddenNotes} = filter;
    if (query === '' && hiddenKinds.size === 0 && hiddenNotes.size === 0) {
      this.#found = undefined;
      if (this.#openBefore) this.#open = this.#openBefore;
      this.#openBefore = undefined;
      this.#update();
      return this.changes;
    }
    this.#openBefore ??= this.#open.slice();
    const paths = query === '' ? undefined : this.#lowerPaths();
    const found = new Uint8Array(this.size);
    let count = 0;
    const has = (row: number | undefined) => row !== undefined && (paths === undefined || (paths[row]?.includes(query) ?? false));
    const isFound = (row: number) => {
      const [, , kind, , note = -1] = this.row(row);
      const isShown = kind !== undefined && !hiddenKinds.has(kind) && !hiddenNotes.has(note);
      return isShown && (has(row) || has(this.oldOf(row)));
    };
    for (let row = this.size - 1; row >= 0; row--) {
      const move = this.moveOf(row);
      if (isFound(row)) {
        found[row] ||= 1;
        count++;
      } else if (move !== undefined && isFound(move)) found[row] ||= 1;
      const parent = this.parent(row);
      if (parent >= 0 && at(found, row) > 0) found[parent] = 2;
    }
    this.#found = found;
    // Hiding kinds keeps folders as they were; a search opens the folders above matches.
    if (query === '') this.#open = this.#openBefore.slice();
    else for (let row = 0; row < this.size; row++) this.#open[row] = at(found, row) === 2 ? 1 : 0;
    this.#update();
    return count;
  }

  #lowerPaths(): string[] {
    if (this.#paths) return this.#paths;
    const paths: string[] = [];
    for (let row = 0; row < this.size; row++) {
      const parent = this.parent(row);
      const above = parent < 0 ? '' : (paths[parent] as string);
      const name = this.row(row)[1].toLowerCase();
      paths.push(above === '' || above.endsWith('/') ? above + name : `${above}/${name}`);
    }
    this.#paths = paths;
    return paths;
  }

  #openFirst(): void {
    if (this.changes <= ALL_OPEN) {
      this.#open.fill(1);
      return;
    }
    let shown = 0;
    let level: number[] = [-1];
    while (level.length > 0 && shown < ENOUGH) {
      const next: number[] = [];
      for (const row of level) {
        if (row >= 0) this.#open[row] = 1;
        for (let child = row + 1; child < (row < 0 ? this.size : at(this.#ends, row)); child = at(this.#ends, child)) {
          shown++;
          if (this.isFolder(child)) next.push(child);
        }
      }
      level = next;
    }
  }

  /** Row -1, the root, has the last slot. */
  #slot(row: number): number {
    return row < 0 ? this.size : row;
  }

  #update(): void {
    const visible: number[] = [];
    this.#siblings.fill(0);
    for (let row = 0; row < this.size; ) {
      if (this.#found?.[row] === 0) {
        row = at(this.#ends, row);
        continue;
      }
      visible.push(row);
      const slot = this.#slot(this.parent(row));
      add(this.#siblings, slot, 1);
      this.#positions[row] = at(this.#siblings, slot);
      row = this.isOpen(row) ? row + 1 : at(this.#ends, row);
    }
    this.visible = visible;
  }
}

function at(array: Int32Array | Uint8Array | Float64Array, index: number): number {
  return array[index] as number;
}

function add(array: Int32Array | Float64Array, index: number, value: number): void {
  array[index] = at(array, index) + value;
}
