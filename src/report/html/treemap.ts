/** The picture of what changes: folders inside folders, each as large as the bytes that change in it. */
import {type HierarchyRectangularNode, hierarchy, treemap} from 'd3-hierarchy';
import type {ActionKind} from '../../core/action.js';
import {parentPath, type RelPath, ROOT} from '../../core/path.js';
import {FolderTree} from '../words/folder-tree.js';
import type {Change} from './change.js';

export interface Tile {
  /** For a part of a folder, that folder. */
  readonly path: RelPath;
  /** All of a path, what is too small in a folder for tiles of its own, or the changes of one kind in either. */
  readonly part: Part;
  /** The names that tell its path apart from that of the tile around it. */
  readonly name: string;
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

type Part = 'whole' | 'rest' | 'kind';

/** Kinds that are drawn alike. */
export type Hue = 'create' | 'update' | 'replace' | 'link' | 'move' | 'attrs' | 'delete';

export const HUES: Readonly<Record<ActionKind, Hue>> = {
  mkdir: 'create',
  create: 'create',
  update: 'update',
  replace: 'replace',
  link: 'link',
  move: 'move',
  attrs: 'attrs',
  delete: 'delete',
  rmdir: 'delete',
  blocked: 'attrs',
};

export interface TreemapOptions {
  readonly changes: readonly Change[];
  readonly width: number;
  readonly height: number;
}

/** Tiles that hold no others: more are too small to be told apart. */
const MAX_TILES = 300;
/** So many of them by opening folders; the others by telling kinds apart in what stays closed. */
const MAX_OPENED = 200;
/** Parts of one folder that get a tile of their own; the others share one. */
const MAX_PARTS = 80;
/** A part with a smaller share of the picture gets no tile of its own. */
const MIN_SHARE = 1 / 700;
/** A folder with a smaller share of the picture is not opened. */
const MIN_OPENED = 1 / 60;
/** The share of the picture that goes to the number of changes, so that those without bytes are seen. */
const COUNT_SHARE = 0.15;
const HEADING = 17;
const HEADING_MIN_WIDTH = 48;
const HEADING_MIN_HEIGHT = 48;

interface Sums {
  weight: number;
  changes: number;
  bytes: number;
  readonly counts: Partial<Record<ActionKind, number>>;
  readonly weights: Partial<Record<ActionKind, number>>;
}

interface Folder {
  readonly path: RelPath;
  readonly folders: Folder[];
  /** What changes directly in it, but for folders. */
  readonly leaves: Change[];
  readonly sums: Sums;
}

interface Node {
  readonly path: RelPath;
  readonly part: Part;
  /** For all of a folder; `leaf` for a single change. */
  readonly folder?: Folder;
  readonly leaf?: Change;
  readonly sums: Sums;
  /** What is drawn inside it, once it is opened. */
  opened?: Node[];
}

/** The tiles, every frame before what it holds. */
export function treemapTiles({changes, width, height}: TreemapOptions): Tile[] {
  const {root, floor} = folderTree(changes);
  const whole: Node = {path: ROOT, part: 'whole', folder: root, sums: root.sums};
  splitByKind(openLargest(whole, floor), whole, floor);
  const laid = treemap<Node>()
    .size([width, height])
    .round(true)
    .paddingInner(1)
    .paddingOuter((node) => (node.depth === 0 ? 0 : 2))
    .paddingTop((node) => heading(node) || (node.depth === 0 ? 0 : 2))(
    hierarchy(whole, ({opened}) => opened)
      .sum(({opened, sums}) => (opened ? 0 : sums.weight))
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
  const {path, part, folder} = data;
  const {changes, bytes, counts, weights} = data.sums;
  const above = parent?.data.path ?? ROOT;
  return {
    path,
    part,
    name: path.slice(above === ROOT ? 0 : above.length + 1),
    folder: folder !== undefined,
    frame: node.children !== undefined,
    heading: node.children ? heading(node) : 0,
    x: x0,
    y: y0,
    width: x1 - x0,
    height: y1 - y0,
    changes,
    bytes,
    counts,
    kind: heaviest(weights),
  };
}

function heaviest(weights: Sums['weights']): ActionKind {
  const entries = Object.entries(weights) as [ActionKind, number][];
  return entries.reduce((most, entry) => (entry[1] > most[1] ? entry : most), ['attrs', 0] as [ActionKind, number])[0];
}

/** All folders with the sums of what is below them, and what each change weighs besides its bytes. */
function folderTree(changes: readonly Change[]): {root: Folder; floor: number} {
  const total = changes.reduce((sum, {bytes}) => sum + bytes, 0);
  const floor = total === 0 ? 1 : (total * COUNT_SHARE) / (1 - COUNT_SHARE) / changes.length;
  const tree = new FolderTree(newFolder);
  for (const change of changes) {
    // The change of a folder itself belongs to the folder, where it is one among those of its content.
    const own = change.kind === 'mkdir' || change.kind === 'rmdir' || change.path === ROOT;
    const folder = tree.at(own ? change.path : parentPath(change.path));
    addChange(folder.sums, change, floor);
    if (!own) folder.leaves.push(change);
  }
  for (const folder of tree.upwards()) for (const inner of folder.folders) addSums(folder.sums, inner.sums);
  return {root: tree.root, floor};
}

function newFolder(path: RelPath, above: Folder | undefined): Folder {
  const folder = {path, folders: [], leaves: [], sums: noSums()};
  above?.folders.push(folder);
  return folder;
}

function noSums(): Sums {
  return {weight: 0, changes: 0, bytes: 0, counts: {}, weights: {}};
}

function addChange(sums: Sums, {kind, bytes}: Change, floor: number): void {
  sums.weight += bytes + floor;
  sums.changes++;
  sums.bytes += bytes;
  sums.counts[kind] = (sums.counts[kind] ?? 0) + 1;
  sums.weights[kind] = (sums.weights[kind] ?? 0) + bytes + floor;
}

function addSums(sums: Sums, part: Sums): void {
  sums.weight += part.weight;
  sums.changes += part.changes;
  sums.bytes += part.bytes;
  for (const kind of Object.keys(part.counts) as ActionKind[]) {
    sums.counts[kind] = (sums.counts[kind] ?? 0) + (part.counts[kind] as number);
    sums.weights[kind] = (sums.weights[kind] ?? 0) + (part.weights[kind] as number);
  }
}

/** Opens the largest folders first, until there are as many tiles as can be told apart; gives the tiles. */
function openLargest(whole: Node, floor: number): Node[] {
  const tiles: Node[] = [];
  const queue = [whole];
  while (queue.length > 0) {
    queue.sort((a, b) => b.sums.weight - a.sums.weight);
    const node = queue.shift() as Node;
    const room = Math.min(MAX_PARTS, MAX_OPENED - tiles.length - queue.length);
    const large = node === whole || node.sums.weight >= whole.sums.weight * MIN_OPENED;
    const parts =
      node.folder && large && room > 1 ? partsOf(node.folder, {room, minWeight: whole.sums.weight * MIN_SHARE, floor}) : [];
    if (parts.some(({part}) => part === 'whole')) {
      node.opened = parts;
      queue.push(...parts);
    } else {
      tiles.push(node);
    }
  }
  return tiles;
}

/** Tells the kinds apart in the tiles that hold several, so that no kind hides behind another. */
function splitByKind(tiles: readonly Node[], whole: Node, floor: number): void {
  let room = MAX_TILES - tiles.length;
  for (const tile of tiles.toSorted((a, b) => b.sums.weight - a.sums.weight)) {
    const parts = kindsOf(tile, floor).filter(({sums}) => sums.weight >= whole.sums.weight * MIN_SHARE);
    if (parts.length < 2 || parts.length - 1 > room) continue;
    tile.opened = parts;
    room -= parts.length - 1;
  }
}

function kindsOf({path, sums: {counts, weights}}: Node, floor: number): Node[] {
  const parts = new Map<Hue, Sums>();
  for (const kind of Object.keys(counts) as ActionKind[]) {
    const sums = parts.get(HUES[kind]) ?? noSums();
    parts.set(HUES[kind], sums);
    const changes = counts[kind] as number;
    const weight = weights[kind] as number;
    const bytes = Math.round(weight - changes * floor);
    addSums(sums, {weight, changes, bytes, counts: {[kind]: changes}, weights: {[kind]: weight}});
  }
  return [...parts.values()].map((sums) => ({path, part: 'kind', sums}));
}

interface PartsOptions {
  readonly room: number;
  readonly minWeight: number;
  readonly floor: number;
}

/** What is in a folder: the large parts by themselves, the small ones as one. */
function partsOf(folder: Folder, {room, minWeight, floor}: PartsOptions): Node[] {
  const leaves = folder.leaves.toSorted((a, b) => b.bytes - a.bytes);
  const large = [...folder.folders.map(folderNode), ...leaves.slice(0, room).map((leaf) => leafNode(leaf, floor))]
    .sort((a, b) => b.sums.weight - a.sums.weight)
    .slice(0, room - 1)
    .filter(({sums}) => sums.weight >= minWeight);
  const shown = new Set(large.map((node) => node.folder ?? node.leaf));
  const sums = noSums();
  for (const inner of folder.folders) if (!shown.has(inner)) addSums(sums, inner.sums);
  for (const leaf of leaves) if (!shown.has(leaf)) addChange(sums, leaf, floor);
  const parts = large.map((node) => (node.folder ? {...node, ...innermost(node.folder)} : node));
  return sums.changes === 0 ? parts : [...parts, {path: folder.path, part: 'rest', sums}];
}

function folderNode(folder: Folder): Node {
  return {path: folder.path, part: 'whole', folder, sums: folder.sums};
}

function leafNode(change: Change, floor: number): Node {
  const sums = noSums();
  addChange(sums, change, floor);
  return {path: change.path, part: 'whole', leaf: change, sums};
}

/** A folder that holds nothing but another one is shown as that other one; its sums also hold its own change. */
function innermost(folder: Folder): Pick<Node, 'path' | 'folder'> {
  let inner = folder;
  while (inner.leaves.length === 0 && inner.folders.length === 1) inner = inner.folders[0] as Folder;
  return {path: inner.path, folder: inner};
}
