/** The picture of what changes: folders inside folders, each as large as the bytes that change in it. */
import {type HierarchyRectangularNode, hierarchy, treemap} from 'd3-hierarchy';
import type {ActionKind} from '../core/action.js';
import {parentPath, pathParts, type RelPath, ROOT} from '../core/path.js';
import type {Change} from './change.js';

export interface Tile {
  /** What it stands for, and for the rest of a folder that folder. */
  readonly path: RelPath;
  /** The names that tell it apart from the tile around it; undefined for the rest of a folder. */
  readonly name: string | undefined;
  readonly folder: boolean;
  /** Whether it holds other tiles: then it is drawn as their frame. */
  readonly frame: boolean;
  /** How much of the frame's top is free for its name. */
  readonly heading: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly changes: number;
  readonly bytes: number;
  /** Changes by kind. */
  readonly counts: Readonly<Partial<Record<ActionKind, number>>>;
  /** The kind that takes most of its area. */
  readonly kind: ActionKind;
}

export interface TreemapOptions {
  readonly changes: readonly Change[];
  readonly width: number;
  readonly height: number;
}

/** Tiles that hold no others: more are too small to be told apart. */
const MAX_TILES = 260;
/** Parts of one folder that get a tile of their own; the others share one. */
const MAX_PARTS = 24;
/** A part with a smaller share of the picture gets no tile of its own. */
const MIN_SHARE = 1 / 900;
/** A folder with a smaller share of the picture is not opened. */
const MIN_OPENED = 1 / 60;
/** The share of the picture that goes to the number of changes, so that those without bytes are seen. */
const COUNT_SHARE = 0.15;
/** Folders deeper than this count as the one above them. */
const MAX_DEPTH = 32;
const HEADING = 17;
const HEADING_MIN_WIDTH = 48;
const HEADING_MIN_HEIGHT = 48;

interface Node {
  readonly path: RelPath;
  readonly folder: boolean;
  readonly parts: Node[];
  weight: number;
  changes: number;
  bytes: number;
  readonly counts: Partial<Record<ActionKind, number>>;
  readonly weights: Partial<Record<ActionKind, number>>;
  /** What is drawn inside it, once it is opened. */
  opened?: Node[];
  /** For the others of a folder that share a tile. */
  rest?: true;
}

/** The tiles, every frame before what it holds. */
export function treemapTiles({changes, width, height}: TreemapOptions): Tile[] {
  const root = changeTree(changes);
  openLargest(root);
  const laid = treemap<Node>()
    .size([width, height])
    .round(true)
    .paddingInner(1)
    .paddingOuter((node) => (node.depth === 0 ? 0 : 2))
    .paddingTop((node) => heading(node) || (node.depth === 0 ? 0 : 2))(
    hierarchy(root, ({opened}) => opened)
      .sum(({opened, weight}) => (opened ? 0 : weight))
      .sort((a, b) => (b.value ?? 0) - (a.value ?? 0)),
  );
  return laid.descendants().filter(isSeen).map(toTile);
}

/** The outermost folder is the picture itself. */
function isSeen({depth, children, x0, x1, y0, y1}: HierarchyRectangularNode<Node>): boolean {
  return (depth > 0 || !children) && x1 > x0 && y1 > y0;
}

function heading(node: HierarchyRectangularNode<Node>): number {
  if (node.depth === 0 || node.depth > 3) return 0;
  return node.x1 - node.x0 >= HEADING_MIN_WIDTH && node.y1 - node.y0 >= HEADING_MIN_HEIGHT ? HEADING : 0;
}

function toTile(node: HierarchyRectangularNode<Node>): Tile {
  const {data, parent, x0, x1, y0, y1} = node;
  const {path, folder, changes, bytes, counts, rest} = data;
  const above = parent?.data.path ?? ROOT;
  return {
    path,
    name: rest ? undefined : above === ROOT ? path : path.slice(above.length + 1),
    folder,
    frame: node.children !== undefined,
    heading: node.children ? heading(node) : 0,
    x: x0,
    y: y0,
    width: x1 - x0,
    height: y1 - y0,
    changes,
    bytes,
    counts,
    kind: heaviestKind(data),
  };
}

function heaviestKind({weights}: Node): ActionKind {
  const entries = Object.entries(weights) as [ActionKind, number][];
  return entries.reduce((most, entry) => (entry[1] > most[1] ? entry : most), ['attrs', 0] as [ActionKind, number])[0];
}

/** All changes as nodes, with the sums of what is below them. */
function changeTree(changes: readonly Change[]): Node {
  const total = changes.reduce((sum, {bytes}) => sum + bytes, 0);
  const floor = total === 0 ? 1 : (total * COUNT_SHARE) / (1 - COUNT_SHARE) / changes.length;
  const root = newNode(ROOT, true);
  const folders = new Map<RelPath, Node>([[ROOT, root]]);
  for (const change of changes) {
    const {path, kind, bytes} = change;
    // What the change of a folder itself weighs belongs to the folder; its content is counted by changes of its own.
    const own = kind === 'mkdir' || kind === 'rmdir';
    const at = folderAt(folders, root, own ? path : parentPath(path));
    const sums = {weight: bytes + floor, changes: 1, bytes, counts: {[kind]: 1}, weights: {[kind]: bytes + floor}};
    if (own || path === ROOT) add(at, sums);
    else at.parts.push({path, folder: false, parts: [], ...sums});
  }
  // A folder comes into the map after the one that holds it, so backwards the sums below are complete.
  for (const folder of [...folders.values()].reverse()) for (const part of folder.parts) add(folder, part);
  return root;
}

function folderAt(folders: Map<RelPath, Node>, root: Node, path: RelPath): Node {
  const known = folders.get(path);
  if (known) return known;
  let folder = root;
  let at = '';
  for (const name of pathParts(path).slice(0, MAX_DEPTH)) {
    at = at === '' ? name : `${at}/${name}`;
    let next = folders.get(at as RelPath);
    if (!next) {
      next = newNode(at as RelPath, true);
      folder.parts.push(next);
      folders.set(next.path, next);
    }
    folder = next;
  }
  return folder;
}

function newNode(path: RelPath, folder: boolean): Node {
  return {path, folder, parts: [], weight: 0, changes: 0, bytes: 0, counts: {}, weights: {}};
}

function add(sum: Node, part: Pick<Node, 'weight' | 'changes' | 'bytes' | 'counts' | 'weights'>): void {
  sum.weight += part.weight;
  sum.changes += part.changes;
  sum.bytes += part.bytes;
  addAll(sum.counts, part.counts);
  addAll(sum.weights, part.weights);
}

function addAll(sums: Partial<Record<ActionKind, number>>, parts: Partial<Record<ActionKind, number>>): void {
  for (const kind in parts) sums[kind as ActionKind] = (sums[kind as ActionKind] ?? 0) + (parts[kind as ActionKind] as number);
}

/** Opens the largest folders first, until there are as many tiles as can be told apart. */
function openLargest(root: Node): void {
  let tiles = 1;
  const queue = [root];
  while (queue.length > 0) {
    queue.sort((a, b) => b.weight - a.weight);
    const folder = queue.shift() as Node;
    if (folder !== root && folder.weight < root.weight * MIN_OPENED) return;
    const opened = partsOf(folder, root.weight * MIN_SHARE);
    if (opened.length === 0 || (folder !== root && opened.every(({rest}) => rest))) continue;
    if (tiles + opened.length > MAX_TILES) return;
    tiles += opened.length - 1;
    folder.opened = opened;
    queue.push(...opened.filter(({folder, rest}) => folder && !rest));
  }
}

/** A folder's parts, the small ones as one; a folder that holds nothing but another one is that other one. */
function partsOf(folder: Node, minWeight: number): Node[] {
  const parts = folder.parts.toSorted((a, b) => b.weight - a.weight);
  const shown = parts.slice(0, MAX_PARTS).filter(({weight}) => weight >= minWeight);
  const others = parts.slice(shown.length);
  if (others.length === 0) return shown.map(innermost);
  const rest: Node = {...newNode(folder.path, true), rest: true};
  for (const other of others) add(rest, other);
  return [...shown.map(innermost), rest];
}

function innermost(node: Node): Node {
  let inner = node;
  for (let only = inner.parts[0]; inner.parts.length === 1 && only?.folder; only = inner.parts[0]) inner = only;
  return inner === node ? node : {...inner, ...pick(node)};
}

/** The sums of an outer folder also hold its own change. */
function pick({
  weight,
  changes,
  bytes,
  counts,
  weights,
}: Node): Pick<Node, 'weight' | 'changes' | 'bytes' | 'counts' | 'weights'> {
  return {weight, changes, bytes, counts, weights};
}
