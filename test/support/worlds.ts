/**
 * Pairs of trees with every kind of action between them, for tests that interrupt a run. Each content contains its name and version,
 * so that a part or a mixture is noticed.
 */
import path from 'node:path';
import type {Chance} from './faults.js';
import {bash} from './shell.js';
import {dir, fifo, file, hardlink, type Leaf, type LeafAttributes, symlink, type Tree, writeTree} from './tree.js';

export type Version = 'old' | 'new';

export interface World {
  readonly name: string;
  /** The target before the run; undefined: it does not exist yet. */
  readonly old: Tree | undefined;
  /** The source. */
  readonly new: Tree;
  /** Adds entries that a literal cannot describe, in the folder that contains the tree. */
  readonly dress?: (root: string, version: Version) => void;
  readonly needsXattrs?: boolean;
  /** For a user without root's rights. */
  readonly forUser?: boolean;
  /** It contains only entries that the portable backend keeps. */
  readonly isPortable: boolean;
}

/** Protected by a filter: it exists only in targets, and no plan contains it. */
export const PROTECTED = 'protected';

/** Whole microseconds, as the portable backend keeps them. */
const MTIMES: Readonly<Record<Version, bigint>> = {old: 1_600_000_000_000_001_000n, new: 1_650_000_000_123_456_000n};

/** The whole content of a file; by default several hundred to ten thousand bytes. */
export function contentOf(
  name: string,
  version: Version,
  bytes = 200 + ((name.length * 7919 + sum(name) * 977) % 12_000),
): string {
  const line = `${name} ${version}\n`;
  return line.repeat(Math.ceil(bytes / line.length));
}

function sum(text: string): number {
  return Array.from(text).reduce((total, letter) => total * 3 + letter.charCodeAt(0), 0) % 65_521;
}

function put(name: string, version: Version, bytes?: number, attributes: LeafAttributes = {}): Leaf {
  return file(contentOf(name, version, bytes), {mtime: MTIMES[version], ...attributes});
}

function folder(tree: Tree, version: Version, mode = 0o755): Leaf {
  return dir(tree, {mtime: MTIMES[version], mode});
}

function link(to: string, version: Version): Leaf {
  return symlink(to, {mtime: MTIMES[version]});
}

/** This many files `NAME-0`, `NAME-1`… */
function several(name: string, count: number, version: Version): Tree {
  return Object.fromEntries(Array.from({length: count}, (_, i) => [`${name}-${i}`, put(`${name}-${i}`, version)]));
}

const PRESERVED: Tree = {[PROTECTED]: folder({...several('protected', 3, 'old'), link: link('anywhere', 'old')}, 'old', 0o750)};

function changes(version: Version): Tree {
  const isNew = version === 'new';
  const tree: Tree = {
    big: put('big', version, 1_500_000),
    [isNew ? 'big-new' : 'big-gone']: put('big-other', version, 1_200_000),
  };
  for (let i = 0; i < 6; i++) {
    const changing = {...several(`updated-${i}`, 8, version), ...several(isNew ? `added-${i}` : `gone-${i}`, 6, version)};
    tree[`folder-${i}`] = folder({...several(`same-${i}`, 4, 'old'), ...changing}, version);
  }
  const subtree = folder({...several('leaf', 5, version), deeper: folder(several('deep-leaf', 5, version), version)}, version);
  return {...tree, [isNew ? 'folder-added' : 'folder-gone']: subtree};
}

/** A folder with content becomes something else, and the other way around. */
function kinds(version: Version): Tree {
  const isNew = version === 'new';
  const inside = (name: string) =>
    folder({...several(name, 5, version), deeper: folder(several(`deep-${name}`, 3, version), version)}, version);
  const tree: Tree = {...several('updated-kinds', 5, version), ...several(isNew ? 'added-kinds' : 'gone-kinds', 5, version)};
  for (let i = 0; i < 5; i++) {
    tree[`file-folder-${i}`] = isNew ? inside(`grown-${i}`) : put(`file-folder-${i}`, version);
    tree[`folder-file-${i}`] = isNew ? put(`folder-file-${i}`, version) : inside(`shrunk-${i}`);
  }
  const nested = {
    upper: isNew ? put('upper', version) : folder({both: put('both-upper', version)}, version),
    lower: isNew ? folder({both: put('both-lower', version)}, version) : put('lower', version),
  };
  return {
    ...tree,
    'folder-link': isNew ? link('folder-file-0', version) : inside('linked'),
    'link-folder': isNew ? inside('unlinked') : link('folder-file-0', version),
    'file-link': isNew ? link('elsewhere', version) : put('file-link', version),
    'link-file': isNew ? put('link-file', version) : link('elsewhere', version),
    nested: folder(nested, version),
  };
}

/** `at` is its path in the whole tree. */
function hardLinks(version: Version, at = ''): Tree {
  const isNew = version === 'new';
  const names = (of: string, version: Version, ...more: string[]) => ({
    [of]: put(of, version),
    ...Object.fromEntries(more.map((name) => [name, hardlink(`${at}${of}`)])),
  });
  const tree: Tree = {};
  for (let i = 0; i < 5; i++) {
    Object.assign(
      tree,
      names(`changed-${i}`, version, `changed-${i}-b`, `changed-${i}-c`),
      isNew ? names(`new-group-${i}`, version, `new-group-${i}-b`) : names(`gone-group-${i}`, version, `gone-group-${i}-b`),
      isNew ? several(`apart-${i}`, 3, version) : names(`apart-${i}-0`, version, `apart-${i}-1`, `apart-${i}-2`),
      isNew ? names(`joined-${i}-0`, version, `joined-${i}-1`) : several(`joined-${i}`, 2, version),
      // Its first name is removed, the others stay one file.
      isNew ? names(`left-${i}-b`, 'old', `left-${i}-c`) : names(`left-${i}-a`, version, `left-${i}-b`, `left-${i}-c`),
    );
    if (!isNew) (tree[`left-${i}-a`] as Leaf) = put(`left-${i}-b`, 'old');
  }
  return tree;
}

function specials(version: Version): Tree {
  const isNew = version === 'new';
  const tree: Tree = {};
  for (let i = 0; i < 6; i++) {
    tree[`link-${i}`] = link(isNew ? `new-place-${i}` : 'old-place', version);
    tree[isNew ? `link-added-${i}` : `link-gone-${i}`] = link('.', version);
    tree[isNew ? `pipe-added-${i}` : `pipe-gone-${i}`] = fifo();
    tree[`pipe-file-${i}`] = isNew ? put(`pipe-file-${i}`, version) : fifo();
    tree[`file-pipe-${i}`] = isNew ? fifo() : put(`file-pipe-${i}`, version);
  }
  return tree;
}

/** Only attributes change. */
function attributes(version: Version): Tree {
  const isNew = version === 'new';
  const tree: Tree = {};
  for (let i = 0; i < 20; i++) {
    const set = {mode: isNew ? 0o600 + i : 0o640, mtime: MTIMES[i % 2 ? version : 'old']};
    tree[`attrs-${i}`] = put(`attrs-${i}`, 'old', undefined, set);
    tree[`attrs-folder-${i}`] = folder({...several(`under-${i}`, 1, 'old')}, version, isNew ? 0o700 + i : 0o755);
  }
  return tree;
}

function dressed(root: string, version: Version): void {
  const script = {
    old: `
      for i in {0..9}; do setfattr -n user.note -v old attrs-$i; setfacl -m u:1:r attrs-$i; setfattr -n user.gone -v x attrs-folder-$i; done
      setfacl -d -m g:5:rx attrs-folder-0`,
    new: `
      for i in {5..14}; do setfattr -n user.note -v new attrs-$i; setfacl -m u:2:rw attrs-$i; setfacl -m g:7:r attrs-folder-$i; done
      setfacl -d -m g:6:rx attrs-folder-1`,
  };
  bash(script[version], root);
}

function closed(version: Version): Tree {
  const isNew = version === 'new';
  const tree: Tree = {};
  for (let i = 0; i < 8; i++) {
    const inner = folder(
      {...several(`inner-${i}`, 2, version), ...several(isNew ? `in-${i}` : `out-${i}`, 2, version)},
      version,
      0o500,
    );
    const inside: Tree = {inner, ...several(`closed-${i}`, 3, version), locked: put(`locked-${i}`, version, 300, {mode: 0o444})};
    if (isNew === i < 4) inside.turns = folder(several(`turns-${i}`, 2, version), version, 0o555);
    else inside.turns = put(`turned-${i}`, version);
    // Some get the same mode that they have while they are made writable.
    const modes: readonly [old: number, new: number] =
      i % 3 === 0 ? [0o555, 0o755] : i % 3 === 1 ? [0o550, 0o511] : [0o555, 0o555];
    tree[`closed-${i}`] = folder(inside, version, modes[isNew ? 1 : 0]);
  }
  const whole = folder({sub: folder(several('sub', 2, version), version, 0o555)}, version, 0o555);
  return {...tree, [isNew ? 'closed-added' : 'closed-gone']: whole};
}

function sparse(version: Version): Tree {
  const isNew = version === 'new';
  const holed = (name: string, holes: number) => {
    const parts = Array.from({length: holes}, () => `${contentOf(name, version, 9000)}${'\0'.repeat(400_000)}`);
    return file(`${parts.join('')}${name} ${version}`, {mtime: MTIMES[version]});
  };
  return {
    'holes-a': holed('holes-a', 3),
    'holes-b': holed('holes-b', 2),
    [isNew ? 'holes-added' : 'holes-gone']: holed('holes-other', 2),
    ...several('dense', 10, version),
  };
}

function dug(root: string): void {
  bash('for f in holes-*; do was=$(stat -c %y "$f"); fallocate -d "$f"; touch -d "$was" "$f"; done', root);
}

/** Files get the names of other files: rotated logs, swapped names, rings of names, and new files at old names. */
function renamed(version: Version): Tree {
  const isNew = version === 'new';
  const was = (name: string) => put(name, 'old', undefined, {mtime: MTIMES.old + BigInt(sum(name)) * 1_000_000_000n});
  const ring = (...names: readonly string[]) =>
    Object.fromEntries(names.map((name, i) => [name, was(isNew ? (names[(i + 1) % names.length] as string) : name)]));
  const tree: Tree = {};
  for (let i = 0; i < 5; i++) {
    const logs = Array.from({length: 5}, (_, k) => `log-${i}.${k}`);
    logs.forEach((name, k) => {
      if (isNew) tree[name] = k === 0 ? put(name, 'new') : was(logs[k - 1] as string);
      else if (k < 4) tree[name] = was(name);
    });
    Object.assign(tree, ring(`left-${i}`, `right-${i}`), ring(`one-${i}`, `two-${i}`, `three-${i}`));
    tree[`again-${i}`] = isNew ? put(`again-${i}`, 'new') : was(`again-${i}`);
    if (isNew) tree[`moved-${i}`] = folder({moved: was(`again-${i}`)}, version);
  }
  return tree;
}

function pair(make: (version: Version) => Tree): Pick<World, 'old' | 'new'> {
  return {old: {...make('old'), ...PRESERVED}, new: make('new')};
}

function everything(version: Version): Tree {
  const parts = {changes: changes(version), kinds: kinds(version), specials: specials(version), sparse: sparse(version)};
  const more = {attributes: attributes(version), links: hardLinks(version, 'links/'), renamed: renamed(version)};
  return Object.fromEntries(Object.entries({...parts, ...more}).map(([name, tree]) => [name, folder(tree, version)]));
}

export const WORLDS: readonly World[] = [
  {name: 'a first copy', old: undefined, new: changes('new'), isPortable: true},
  {name: 'updates, deletes and new files', ...pair(changes), isPortable: true},
  {name: 'folders and files replace each other', ...pair(kinds), isPortable: true},
  {name: 'hard links', ...pair(hardLinks), isPortable: true},
  {name: 'files that get the names of others', ...pair(renamed), isPortable: true},
  {name: 'symlinks and FIFOs', ...pair(specials), isPortable: false},
  {name: 'attributes only', ...pair(attributes), dress: dressed, needsXattrs: true, isPortable: false},
  {name: 'modes and times alone', ...pair(attributes), isPortable: true},
  {name: 'folders closed to their owner', ...pair(closed), forUser: true, isPortable: true},
  {name: 'sparse files', ...pair(sparse), dress: dug, isPortable: true},
  {
    name: 'all kinds of actions',
    ...pair(everything),
    dress: (root, version) => {
      dressed(path.join(root, 'attributes'), version);
      dug(path.join(root, 'sparse'));
    },
    needsXattrs: true,
    isPortable: false,
  },
];

/** Files and folders that are changed, added, removed or kept at random; new ones are larger. */
export function randomWorld(chance: Chance): World {
  const trees: Record<Version, Tree> = {old: {}, new: {}};
  const both = ['old', 'new'] as const;
  for (let f = 0; f < 6; f++) {
    const inside: Record<Version, Tree> = {old: {}, new: {}};
    for (let i = chance.int(3, 14); i > 0; i--) {
      const name = `file-${f}-${i}`;
      const bytes = {old: chance.int(0, 40_000), new: chance.int(0, 160_000)};
      const leaf = (version: Version) => put(name, version, bytes[version]);
      const deeper = (version: Version) => folder(several(`in-${name}`, 3, version), version);
      const fate = chance.of(['same', 'updated', 'updated', 'added', 'gone', 'grown', 'shrunk']);
      for (const version of both) {
        if (fate === (version === 'new' ? 'gone' : 'added')) continue;
        if (fate === 'same') inside[version][name] = put(name, 'old', bytes.old);
        else inside[version][name] = fate === (version === 'new' ? 'grown' : 'shrunk') ? deeper(version) : leaf(version);
      }
    }
    for (const version of both) trees[version][`folder-${f}`] = folder(inside[version], version);
  }
  return {name: 'by chance', ...trees, isPortable: true};
}

/** Writes one version of a world into a folder, which is created if it does not exist. */
export function layWorld(world: World, version: Version, root: string): void {
  const tree = world[version];
  if (tree === undefined) return;
  writeTree(root, folder(tree, version));
  world.dress?.(root, version);
}
