import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import fc from 'fast-check';
import {needRsync, rsyncDifference} from '../support/oracle.js';
import {settings, syncTrees} from '../support/sync.js';
import {tempDirs} from '../support/temp.js';
import {setMtime} from '../support/tree.js';

const RUNS = Number(process.env.LAW_RUNS ?? 25);

/** What to do, and numbers that choose where. */
type Change = readonly [what: string, first: number, second: number];

const CHANGES = [
  'rename',
  'rename',
  'rename',
  'swap',
  'wrap',
  'write',
  'edit',
  'folder',
  'delete',
  'mode',
  'copy',
  'replace',
  'link',
] as const;
const changes = fc.array(fc.tuple(fc.constantFrom(...CHANGES), fc.nat(1000), fc.nat(1000)), {minLength: 1, maxLength: 10});
const NAMES = ['a', 'b', 'c', 'd', 'e\u0301'];

/** What happens to the memory of the last run before the next one. */
const FATES = ['kept', 'kept', 'removed', 'damaged', 'stale'] as const;

let time = 1_700_000_000_000_000_000n;

/** Changes a tree at random, like a user with a file manager. Every content has its own time. */
class Editor {
  constructor(private readonly root: string) {}

  change([what, first, second]: Change): void {
    const paths = this.#paths();
    const at = paths[first % Math.max(1, paths.length)];
    const other = paths[second % Math.max(1, paths.length)];
    const free = this.#free(second);
    if (what === 'folder' && free !== undefined) fs.mkdirSync(free);
    if (what === 'write' && free !== undefined) this.#write(free);
    if (at === undefined) return;
    const isFile = fs.statSync(at).isFile();
    switch (what) {
      case 'rename':
        if (free !== undefined && !isWithin(free, at)) fs.renameSync(at, free);
        break;
      case 'swap':
        if (other !== undefined && !isWithin(at, other) && !isWithin(other, at)) swap(at, other, path.join(this.root, 'tmp'));
        break;
      case 'wrap': {
        const aside = path.join(this.root, 'tmp');
        fs.renameSync(at, aside);
        fs.mkdirSync(at);
        fs.renameSync(aside, path.join(at, NAMES[second % NAMES.length] as string));
        break;
      }
      case 'edit':
        if (isFile) this.#write(at);
        break;
      case 'delete':
        fs.rmSync(at, {recursive: true});
        break;
      case 'mode':
        fs.chmodSync(at, isFile ? 0o600 + (second % 64) : 0o700 + (second % 64));
        break;
      case 'copy':
        if (isFile && free !== undefined) copy(at, free);
        break;
      case 'replace':
        // By a new file with another content but the same size.
        if (isFile) {
          fs.rmSync(at);
          this.#write(at);
        }
        break;
      case 'link':
        if (isFile && free !== undefined) fs.linkSync(at, free);
        break;
    }
  }

  #write(at: string): void {
    time += 1_000_001n;
    fs.writeFileSync(at, `content ${time}`);
    setMtime(Buffer.from(at), time);
  }

  /** All paths below the root, without dirsync's own. */
  #paths(): string[] {
    const found: string[] = [];
    const visit = (folder: string) => {
      for (const name of fs.readdirSync(folder).sort()) {
        if (name === '.dirsync') continue;
        const at = path.join(folder, name);
        found.push(at);
        if (fs.statSync(at).isDirectory()) visit(at);
      }
    };
    visit(this.root);
    return found;
  }

  #free(choice: number): string | undefined {
    const folders = [this.root, ...this.#paths().filter((at) => fs.statSync(at).isDirectory())];
    const folder = folders[choice % folders.length] as string;
    return NAMES.map((name) => path.join(folder, name)).find((at) => !fs.existsSync(at));
  }
}

function isWithin(at: string, folder: string): boolean {
  return at === folder || at.startsWith(`${folder}/`);
}

function swap(a: string, b: string, aside: string): void {
  fs.renameSync(a, aside);
  fs.renameSync(b, a);
  fs.renameSync(aside, b);
}

/** With its time, as `cp -p` does. */
function copy(from: string, to: string): void {
  const {mtimeNs} = fs.statSync(from, {bigint: true});
  fs.copyFileSync(from, to);
  setMtime(Buffer.from(to), mtimeNs);
}

/** The contents of all files of a tree, also in dirsync's own folder. */
function contentsOf(root: string): Set<string> {
  const found = new Set<string>();
  const visit = (folder: string) => {
    for (const entry of fs.readdirSync(folder, {withFileTypes: true})) {
      const at = path.join(folder, entry.name);
      try {
        if (entry.isDirectory()) visit(at);
        else if (entry.isFile()) found.add(fs.readFileSync(at, 'latin1'));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
  };
  visit(root);
  return found;
}

/**
 * Watches that nothing gets lost while a run works: as soon as a file of the target has no name any more, another one must have its
 * content, if the source has it.
 */
class Watch {
  readonly lost: string[] = [];
  readonly #open: Map<number, string>;
  readonly #wanted: Set<string>;
  readonly #timer: NodeJS.Timeout;

  constructor(
    source: string,
    private readonly target: string,
  ) {
    this.#wanted = contentsOf(source);
    this.#open = new Map(
      filesIn(target).map((at) => {
        const file = fs.openSync(at, 'r');
        return [file, fs.readFileSync(file, 'latin1')];
      }),
    );
    this.#timer = setInterval(() => this.#look(), 1);
  }

  #look(): void {
    for (const [file, content] of this.#open) {
      if (fs.fstatSync(file).nlink > 0) continue;
      fs.closeSync(file);
      this.#open.delete(file);
      if (this.#wanted.has(content) && !contentsOf(this.target).has(content)) this.lost.push(content);
    }
  }

  end(): void {
    clearInterval(this.#timer);
    this.#look();
    for (const file of this.#open.keys()) fs.closeSync(file);
  }
}

function filesIn(root: string): string[] {
  return fs
    .readdirSync(root, {withFileTypes: true, recursive: true})
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((at) => !at.includes('/.dirsync/'));
}

/** Changes the memory of the last run. `old`: the memory of an earlier run. */
function meetFate(target: string, fate: (typeof FATES)[number], old: Buffer | undefined): void {
  const memory = path.join(target, '.dirsync/last.manifest');
  if (fate === 'kept' || !fs.existsSync(memory)) return;
  if (fate === 'removed') fs.rmSync(memory);
  else if (fate === 'stale' && old !== undefined) fs.writeFileSync(memory, old);
  else if (fate === 'damaged') {
    const content = fs.readFileSync(memory);
    content[Math.floor(content.length / 2)] = (content[Math.floor(content.length / 2)] as number) ^ 0x55;
    fs.writeFileSync(memory, content);
  }
}

describe('law: what was renamed, over several runs', () => {
  const temp = tempDirs();
  const rounds = fc.array(fc.tuple(changes, fc.option(changes, {freq: 3}), fc.constantFrom(...FATES)), {
    minLength: 2,
    maxLength: 4,
  });

  it('the target becomes equal, and no content that the source has is ever missing from it', async function () {
    needRsync(this);
    this.timeout(600_000);
    await fc.assert(
      fc.asyncProperty(rounds, fc.boolean(), async (all, isContent) => {
        const root = temp();
        const [source, target] = [path.join(root, 'source'), path.join(root, 'target')];
        for (const folder of [source, target]) fs.mkdirSync(folder);
        let old: Buffer | undefined;
        for (const [ofSource, ofTarget, fate] of all) {
          for (const change of ofSource) new Editor(source).change(change);
          // Somebody else works in the target too.
          for (const change of ofTarget ?? []) new Editor(target).change(change);
          const memory = path.join(target, '.dirsync/last.manifest');
          const now = fs.existsSync(memory) ? fs.readFileSync(memory) : undefined;
          meetFate(target, fate, old);
          old = now;
          const watch = new Watch(source, target);
          const report = await syncTrees(settings(source, target, {compare: isContent ? 'content' : 'metadata'}));
          watch.end();
          expect({problems: report.problems, lost: watch.lost}).to.deep.equal({problems: [], lost: []});
          expect(rsyncDifference(source, target)).to.deep.equal([]);
        }
      }),
      {numRuns: Math.ceil(RUNS / 2)},
    );
  });
});
