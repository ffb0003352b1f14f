/** The treemap of changes: nested folders, each as large as the bytes that change in it. */
import {type HierarchyRectangularNode, hierarchy, treemap} from 'd3-hierarchy';
import type {ActionKind} from '../../core/action.js';
import {parentPath, type RelPath, ROOT} from '../../core/path.js';
import {FolderTree} from '../words/folder-tree.js';
import type {Change} from './change.js';

/** One rectangle of a treemap. */
export interface Tile {
  /** The path; for a part of a folder, the path of that folder. */
  readonly path: RelPath;
  /** `whole`: everything at a path; `rest`: the small items of a folder together; `kind`: the changes of one kind in either. */
  readonly part: Part;
  /** The part of its path below the enclosing tile. */
  readonly name: string;
  readonly folder: boolean;
  /** Whether it contains other tiles and is drawn as their frame. */
  readonly frame: boolean;
  /** Height of the frame's heading; 0 if it has none. */
  readonly heading: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly changes: number;
  readonly bytes: number;
  /** Changes by kind. */
  readonly counts: Readonly<Partial<Record<ActionKind, number>>>;
  /** The kind with the largest part of its area. */
  readonly kind: ActionKind;
}

type Part = 'whole' | 'rest' | 'kind';

/** Groups of kinds that are drawn in the same colour. */
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

/** The most tiles without inner tiles. More would be too small to distinguish. */
const MAX_TILES = 300;
/** The most tiles from opening folders. The remaining ones come from splitting closed folders by kind. */
const MAX_OPENED = 200;
/** The most parts of one folder that get their own tile. The others share one. */
const MAX_PARTS = 80;
/** Parts with a smaller share of the picture do not get their own tile. */
const MIN_SHARE = 1 / 700;
/** Folders with a smaller share of the picture are not opened. */
const MIN_OPENED = 1 / 60;
/** The share of the picture for the number of changes, so that changes without bytes are visible. */
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
  /** Changes directly in it, except for folders. */
  readonly leaves: Change[];
  readonly sums: Sums;
}

interface Node {
  readonly path: RelPath;
  readonly part: Part;
  /** Set for a whole folder; `leaf` is set for a single change. */
  readonly folder?: Folder;
  readonly leaf?: Change;
  readonly sums: Sums;
  /** The nodes inside it, once it is opened. */
  opened?: Node[];
}

/** Returns the tiles. Each frame comes before its content. */
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

/** Whether a node is drawn. The outermost folder is the picture itself. */
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

/** Returns all folders with the sums of everything below them, and the weight of each change in addition to its bytes. */
function folderTree(changes: readonly Change[]): {root: Folder; floor: number} {
  const total = changes.reduce((sum, {bytes}) => sum + bytes, 0);
  const floor = total === 0 ? 1 : (total * COUNT_SHARE) / (1 - COUNT_SHARE) / changes.length;
  const tree = new FolderTree(newFolder);
  for (const change of changes) {
    // The change of a folder itself is counted in that folder.
    const own = change.kind === 'mkdir' || change.kind === 'rmdir' || change.movesFolder === true || change.path === ROOT;
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

/** Opens the largest folders first, until there are enough tiles. Returns the tiles. */
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

/** Splits tiles with several kinds by kind, so that every kind is visible. */
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

/** Returns the parts of a folder: each large one separately, the small ones together. */
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

/** Follows folders that contain only one other folder to the innermost one, which is shown instead. */
function innermost(folder: Folder): Pick<Node, 'path' | 'folder'> {
  let inner = folder;
  while (inner.leaves.length === 0 && inner.folders.length === 1) inner = inner.folders[0] as Folder;
  return {path: inner.path, folder: inner};
}
