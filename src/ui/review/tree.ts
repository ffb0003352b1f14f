/**
 * The changes of a plan as a tree of folders, compact enough for a million changes. A node is an index into typed arrays, in
 * canonical order. Its path and totals are computed on demand.
 *
 * What moves to another path has a second node, at its old path. In each folder from which it moves away, the move is one more change.
 */
import {ACTION_KINDS, type Action, type ActionKind, isCarried, isUpkeep, type Move, volumeOf} from '../../core/action.js';
import {comparePaths, type RelPath, ROOT} from '../../core/path.js';

export type Sort = 'impact' | 'name' | 'kind';

/** The totals of a node. Hidden changes are not counted. */
export interface NodeTotals {
  readonly changes: number;
  readonly kinds: Readonly<Record<ActionKind, number>>;
  /** Bytes to write and to free. */
  readonly bytes: number;
}

export const TOP = 0;
const NONE = -1;
const UPKEEP = 255;

/** A change of metadata counts as much as one block of content. */
const CHANGE_COST = 4096;

/** Kinds by risk, the riskiest first. */
const RISK: readonly ActionKind[] = [
  'delete',
  'rmdir',
  'blocked',
  'replace',
  'update',
  'link',
  'move',
  'attrs',
  'mkdir',
  'create',
];

/** The changes of a plan as a tree of folders, in typed arrays. */
export class ChangeTree {
  readonly size: number;
  /** Whether the first action at or below a node is its own. A folder that only contains changes has none. */
  readonly #own: Uint8Array;
  readonly #parent: Int32Array;
  /** The first node that is not below the node. */
  readonly #end: Int32Array;
  readonly #depth: Uint16Array;
  /** The first action at or below a node. */
  readonly #first: Int32Array;
  /** For each action: the index of its kind in `ACTION_KINDS`. */
  readonly #kind: Uint8Array;
  readonly #bytes: Float64Array;
  /** For each action: the number of visible ones before it. */
  readonly #shownBefore: Uint32Array;
  /** The moves, by their old paths. */
  readonly #oldPaths: OldPaths;
  /** The nodes of moves, by their actions. */
  readonly #moveNodes = new Map<number, number>();
  /** Cached totals, until the visible changes differ. */
  readonly #totals = new Map<number, NodeTotals>();
  /** The number of all changes. */
  #changes = 0;

  constructor(readonly actions: readonly Action[]) {
    const count = actions.length;
    this.#kind = new Uint8Array(count);
    this.#bytes = new Float64Array(count);
    this.#shownBefore = new Uint32Array(count + 1);
    const moves: number[] = [];
    let nodes = new NodeBuilder(count);
    // Perf: one pass, because most of the time is spent fetching the actions from memory.
    for (let i = 0; i < count; i++) {
      const action = actions[i] as Action;
      const isChange = !isUpkeep(action);
      this.#kind[i] = isChange ? PLACE_OF[action.kind] : UPKEEP;
      this.#bytes[i] = volumeOf(action);
      this.#shownBefore[i] = this.#changes;
      if (isChange) this.#changes++;
      nodes.place(action, i);
      if (isCarried(action)) moves.push(i);
    }
    this.#shownBefore[count] = this.#changes;
    if (moves.length > 0) nodes = withOldPaths(actions, moves);
    nodes.finish();
    this.#oldPaths = nodes.oldPaths;
    this.size = nodes.size;
    this.#own = nodes.own;
    this.#parent = nodes.parent;
    this.#end = nodes.end;
    this.#depth = nodes.depth;
    this.#first = nodes.first;
    for (const {move} of this.#oldPaths) this.#moveNodes.set(move, NONE);
    for (let node = 0; node < this.size && this.#moveNodes.size > 0; node++) {
      const own = this.actionOf(node);
      if (own !== undefined && this.#moveNodes.has(own)) this.#moveNodes.set(own, node);
    }
  }

  /** Shows the changes for which `isShown` returns true, and hides all others. */
  show(isShown: (index: number, kind: ActionKind) => boolean): void {
    this.#totals.clear();
    let shown = 0;
    for (let i = 0; i < this.actions.length; i++) {
      this.#shownBefore[i] = shown;
      const kind = ACTION_KINDS[this.#kind[i] as number];
      if (kind !== undefined && isShown(i, kind)) shown++;
    }
    this.#shownBefore[this.actions.length] = shown;
  }

  /** The number of visible changes. */
  get shown(): number {
    return this.shownIn(TOP);
  }

  /** The number of all changes. */
  get changes(): number {
    return this.#changes;
  }

  /** Returns the number of visible changes at and below a node. */
  shownIn(node: number): number {
    const {start, end} = this.range(node);
    return (this.#shownBefore[end] as number) - (this.#shownBefore[start] as number);
  }

  isShown(index: number): boolean {
    return this.#shownBefore[index + 1] !== this.#shownBefore[index];
  }

  /** Returns the range of actions at and below a node. */
  range(node: number): {start: number; end: number} {
    const next = this.#end[node] as number;
    return {start: this.#first[node] as number, end: next < this.size ? (this.#first[next] as number) : this.actions.length};
  }

  /** Returns the node's own change, as an index into the actions. A folder whose times are only restored has none. */
  actionOf(node: number): number | undefined {
    const index = this.#first[node] as number;
    return this.#own[node] === 0 || this.#kind[index] === UPKEEP ? undefined : index;
  }

  isFolder(node: number): boolean {
    if ((this.#end[node] as number) > node + 1 || node === TOP) return true;
    const index = this.#own[node] === 1 ? (this.#first[node] as number) : (this.moveFrom(node) as number);
    const {before, after} = this.actions[index] as Action;
    return (after ?? before)?.kind === 'directory';
  }

  hasChildren(node: number): boolean {
    if ((this.#end[node] as number) === node + 1) return false;
    return this.shownIn(node) > (this.#isOwnShown(node) ? 1 : 0) || this.#oldPathsIn(node).some((old) => old.node !== node);
  }

  /** Whether a node has a line: something at or below it changes, or moves away from there. */
  isVisible(node: number): boolean {
    return this.shownIn(node) > 0 || this.#oldPathsIn(node).length > 0;
  }

  /** Returns the move of what is at a node before the run, as an index into the actions; undefined if it does not move. */
  moveFrom(node: number): number | undefined {
    const old = this.#oldPaths[this.#oldPlace(node)];
    return old?.node === node ? old.move : undefined;
  }

  /** Returns the node of the other path of a move: for its old path the new one, and the other way around. */
  otherEnd(node: number): number | undefined {
    const own = this.actionOf(node);
    const move = own !== undefined && this.#moveNodes.has(own) ? own : undefined;
    if (move !== undefined) return this.#oldPaths.find((old) => old.move === move)?.node;
    const leaving = this.moveFrom(node);
    return leaving === undefined ? undefined : this.#moveNodes.get(leaving);
  }

  /** Returns the visible moves from a path at or below a node to a path that is not, as indexes into the actions. */
  movesOut(node: number): readonly number[] {
    if (node === TOP) return [];
    const {start, end} = this.range(node);
    return this.#oldPathsIn(node).flatMap(({move}) => (move >= start && move < end ? [] : [move]));
  }

  /** The old paths at and below a node whose moves are visible. */
  #oldPathsIn(node: number): OldPaths {
    if (this.#oldPaths.length === 0) return this.#oldPaths;
    const below = this.#oldPaths.slice(this.#oldPlace(node), this.#oldPlace(this.#end[node] as number));
    return below.filter(({move}) => this.isShown(move));
  }

  /** The place of the first old path whose node is not before this one. */
  #oldPlace(node: number): number {
    let [low, high] = [0, this.#oldPaths.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#oldPaths[middle] as OldPaths[number]).node < node) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #isOwnShown(node: number): boolean {
    const own = this.actionOf(node);
    return own !== undefined && this.isShown(own);
  }

  /** The first node that is not below the node. */
  endOf(node: number): number {
    return this.#end[node] as number;
  }

  parentOf(node: number): number {
    return this.#parent[node] as number;
  }

  pathOf(node: number): RelPath {
    if (node === TOP) return ROOT;
    const path = this.#pathAt(node);
    let at = -1;
    for (let depth = this.#depth[node] as number; depth > 0 && at !== path.length; depth--) {
      const next = path.indexOf('/', at + 1);
      at = next === -1 ? path.length : next;
    }
    return path.slice(0, at) as RelPath;
  }

  /** A path at or below a node. */
  #pathAt(node: number): RelPath {
    const {start, end} = this.range(node);
    if (start < end) return (this.actions[start] as Action).path;
    const old = this.#oldPaths[this.#oldPlace(node)] as OldPaths[number];
    return (this.actions[old.move] as Move).from;
  }

  /** Returns the visible nodes directly below, in canonical order. */
  children(node: number): number[] {
    const found: number[] = [];
    const end = this.#end[node] as number;
    for (let child = node + 1; child < end; child = this.#end[child] as number) if (this.isVisible(child)) found.push(child);
    return found;
  }

  /**
   * Returns the last of a chain of folders with a single entry each, so that `a/b/c/` takes one line; the node itself if there is
   * no chain.
   */
  endOfChain(node: number): number {
    let last = node;
    const isChange = (node: number) => (this.actionOf(node) ?? this.moveFrom(node)) !== undefined;
    while (last !== TOP && !isChange(last) && (this.#end[last] as number) > last + 1) {
      const child = last + 1;
      if (this.#end[child] !== this.#end[last] || !this.isFolder(child)) break;
      last = child;
    }
    return last;
  }

  sorted(nodes: readonly number[], sort: Sort): readonly number[] {
    if (sort === 'name') return nodes;
    const key = sort === 'impact' ? (node: number) => this.#impact(node) : (node: number) => RISK.length - this.#risk(node);
    return sortByKey(nodes, key);
  }

  /** Returns the bytes to write and to free, plus a constant for each change. */
  #impact(node: number): number {
    const {start, end} = this.range(node);
    let impact = 0;
    for (let i = start; i < end; i++) if (this.isShown(i)) impact += CHANGE_COST + (this.#bytes[i] as number);
    return impact + CHANGE_COST * this.movesOut(node).length;
  }

  /** Returns the index in `RISK` of the riskiest change at or below. */
  #risk(node: number): number {
    const {start, end} = this.range(node);
    let risk = this.movesOut(node).length > 0 ? RISK.indexOf('move') : RISK.length;
    for (let i = start; i < end && risk > 0; i++) {
      if (this.isShown(i)) risk = Math.min(risk, RISK_OF[this.#kind[i] as number] as number);
    }
    return risk;
  }

  totals(node: number): NodeTotals {
    const known = this.#totals.get(node);
    if (known !== undefined) return known;
    const counts = new Float64Array(ACTION_KINDS.length);
    const {start, end} = this.range(node);
    let bytes = 0;
    for (let i = start; i < end; i++) {
      if (!this.isShown(i)) continue;
      (counts[this.#kind[i] as number] as number)++;
      bytes += this.#bytes[i] as number;
    }
    const out = this.movesOut(node).length;
    (counts[PLACE_OF.move] as number) += out;
    const kinds = Object.fromEntries(ACTION_KINDS.map((kind, i) => [kind, counts[i]])) as Record<ActionKind, number>;
    const totals = {changes: this.shownIn(node) + out, kinds, bytes};
    this.#totals.set(node, totals);
    return totals;
  }
}

const PLACE_OF = Object.fromEntries(ACTION_KINDS.map((kind, i) => [kind, i])) as Record<ActionKind, number>;
const RISK_OF = ACTION_KINDS.map((kind) => RISK.indexOf(kind));

const PLACES = 2 ** 22;

/** Sorts by key, largest first. The sort is stable. Keys are not negative. */
function sortByKey(nodes: readonly number[], keyOf: (node: number) => number): readonly number[] {
  if (nodes.length > PLACES) return nodes;
  // Perf: sorting numbers natively is ten times faster than with a comparator. The bits of a float32, which sort like the numbers
  // if these are not negative, are combined with the position: 53 bits together (bench: review-million).
  const float = new Float32Array(1);
  const bits = new Uint32Array(float.buffer);
  const keys = Float64Array.from(nodes, (node, place) => {
    float[0] = keyOf(node);
    return (0x7fff_ffff - (bits[0] as number)) * PLACES + place;
  }).sort();
  return Array.from(keys, (key) => nodes[key % PLACES] as number);
}

/** The nodes of old paths, in their order, each with its move: an index into the actions. */
type OldPaths = readonly {readonly node: number; readonly move: number}[];

/** Builds the nodes of actions and of the old paths of these moves. */
function withOldPaths(actions: readonly Action[], moves: readonly number[]): NodeBuilder {
  const nodes = new NodeBuilder(actions.length + moves.length);
  const left = moves.map((move) => ({move, from: (actions[move] as Move).from})).sort((a, b) => comparePaths(a.from, b.from));
  let next = 0;
  actions.forEach((action, i) => {
    for (let old = left[next]; old && comparePaths(old.from, action.path) < 0; old = left[++next])
      nodes.leave(actions, old.move, i);
    nodes.place(action, i);
    const old = left[next];
    if (old?.from !== action.path) return;
    nodes.leave(actions, old.move, i + 1);
    next++;
  });
  for (const {move} of left.slice(next)) nodes.leave(actions, move, actions.length);
  return nodes;
}

/** Builds the nodes: one for each action, and one for each folder above it. */
class NodeBuilder {
  size = 0;
  own: Uint8Array;
  parent: Int32Array;
  end: Int32Array;
  first: Int32Array;
  depth: Uint16Array;
  readonly oldPaths: {node: number; move: number}[] = [];

  /** The folders above the last path. */
  readonly #open: {node: number; path: string}[] = [];
  /** The node and the path of the last change. */
  #last = {node: TOP, path: ''};

  constructor(actions: number) {
    // Folders without their own action are few, compared with their content.
    const room = Math.ceil(1.1 * actions) + 64;
    this.own = new Uint8Array(room);
    this.parent = new Int32Array(room);
    this.end = new Int32Array(room);
    this.first = new Int32Array(room);
    this.depth = new Uint16Array(room);
    this.#open.push({node: this.#add(NONE, 0, 0), path: ''});
  }

  place({path, before, after}: Action, i: number): void {
    if (path === '') {
      this.own[TOP] = 1;
      return;
    }
    const isFolder = after?.kind === 'directory' || before?.kind === 'directory';
    this.own[this.#nodeAt(path, isFolder, i)] = 1;
  }

  /** Adds the old path of a move; `next`: the first action that is not before it. */
  leave(actions: readonly Action[], move: number, next: number): void {
    const {from, before} = actions[move] as Move;
    const isFolder = before.kind === 'directory';
    const node = this.#last.path === from ? this.#last.node : this.#nodeAt(from, isFolder, next);
    this.oldPaths.push({node, move});
    // Other moves may be out of a folder at whose path there is a file afterwards.
    if (isFolder && this.#open.at(-1)?.node !== node) this.#open.push({node, path: from});
  }

  /** Adds a node, and one for each folder above it that has none; `i`: the first action at or below them. */
  #nodeAt(path: RelPath, isFolder: boolean, i: number): number {
    const open = this.#open;
    let above = open[open.length - 1] as {node: number; path: string};
    while (!holds(above.path, path)) {
      this.end[above.node] = this.size;
      open.pop();
      above = open[open.length - 1] as {node: number; path: string};
    }
    let from = above.path === '' ? 0 : above.path.length + 1;
    for (let slash = path.indexOf('/', from); slash !== -1; slash = path.indexOf('/', from)) {
      above = {node: this.#add(above.node, open.length, i), path: path.slice(0, slash)};
      open.push(above);
      from = slash + 1;
    }
    const node = this.#add(above.node, open.length, i);
    this.end[node] = node + 1;
    this.#last = {node, path};
    if (isFolder) open.push({node, path});
    return node;
  }

  finish(): void {
    for (const {node} of this.#open) this.end[node] = this.size;
  }

  #add(parent: number, depth: number, first: number): number {
    const node = this.size++;
    if (node === this.own.length) this.#grow();
    this.parent[node] = parent;
    this.depth[node] = depth;
    this.first[node] = first;
    return node;
  }

  #grow(): void {
    const room = 2 * this.own.length;
    const grown = <Column extends Int32Array | Uint16Array | Uint8Array>(column: Column, larger: Column): Column => {
      larger.set(column);
      return larger;
    };
    this.own = grown(this.own, new Uint8Array(room));
    this.parent = grown(this.parent, new Int32Array(room));
    this.end = grown(this.end, new Int32Array(room));
    this.first = grown(this.first, new Int32Array(room));
    this.depth = grown(this.depth, new Uint16Array(room));
  }
}

function holds(folder: string, path: string): boolean {
  return folder === '' || (path.charCodeAt(folder.length) === 0x2f && path.startsWith(folder));
}
