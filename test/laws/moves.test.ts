import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import type {Context} from '../../src/app/context.js';
import {applyPlanned} from '../../src/app/sync/apply.js';
import {judge} from '../../src/app/sync/plan.js';
import type {ApplyReport} from '../../src/core/outcome.js';
import {GUARD_NAMES} from '../../src/core/plan.js';
import {writePlanFile} from '../../src/formats/plan-file.js';
import {Chance, rounds} from '../support/faults.js';
import {type Moved, planMoves} from '../support/move-plans.js';
import {needRsync, rsyncDifference} from '../support/oracle.js';
import {applyFile, context} from '../support/sync.js';
import {tempDirs} from '../support/temp.js';

const NAMES = ['a', 'b', 'c', 'd'];

/** A tree that is changed at random, and the moves that lead from the old one to the new one. */
class Tree {
  readonly #old = new Map<number, string>();
  readonly #oldFolders = new Set<string>();
  #count = 0;

  constructor(
    readonly root: string,
    private readonly chance: Chance,
  ) {
    fs.mkdirSync(root);
    this.#fill(root, 0);
    for (const at of this.#paths()) {
      this.#old.set(this.#inode(at), at);
      if (fs.statSync(`${root}/${at}`).isDirectory()) this.#oldFolders.add(at);
    }
  }

  #fill(folder: string, depth: number): void {
    for (const name of NAMES) {
      const kind = this.chance.int(1, 10);
      const at = `${folder}/${name}`;
      if (kind > 7 && depth < 3) {
        fs.mkdirSync(at);
        this.#fill(at, depth + 1);
      } else if (kind > 3) this.#write(at);
    }
  }

  /** Each file has a content and a time of its own, in whole seconds. */
  #write(at: string): void {
    fs.writeFileSync(at, `content ${this.#count}\n`.repeat((this.#count % 5) + 1));
    fs.utimesSync(at, 1_500_000_000, 1_500_000_000 + this.#count++);
  }

  #inode(at: string): number {
    return fs.lstatSync(`${this.root}/${at}`).ino;
  }

  #paths(): string[] {
    const found = fs.readdirSync(this.root, {withFileTypes: true, recursive: true});
    return found.map((entry) => path.relative(this.root, path.join(entry.parentPath, entry.name))).sort();
  }

  /** Moves, swaps, deletes or replaces an entry. A freed inode number may be given out again, so what is deleted is kept elsewhere. */
  change(grave: string): void {
    const {chance, root} = this;
    const all = this.#paths();
    if (all.length === 0) return;
    const at = `${root}/${chance.of(all)}`;
    const folders = [root, ...all.map((each) => `${root}/${each}`).filter((each) => fs.statSync(each).isDirectory())];
    const to = `${chance.of(folders)}/${chance.of(NAMES)}`;
    const aside = `${grave}/aside`;
    const kind = chance.int(1, 6);
    if (kind === 1) fs.renameSync(at, `${grave}/${this.#count++}`);
    else if (kind === 2 && fs.statSync(at).isFile()) {
      fs.renameSync(at, `${grave}/${this.#count++}`);
      this.#write(at);
    } else if (to.startsWith(`${at}/`)) {
      // Into a new folder of its own name.
      fs.renameSync(at, aside);
      fs.mkdirSync(at);
      fs.renameSync(aside, `${at}/${chance.of(NAMES)}`);
    } else if (at.startsWith(`${to}/`)) {
      // A child takes the place of its parent, which becomes its child if possible.
      fs.renameSync(at, aside);
      fs.renameSync(to, `${aside}-parent`);
      fs.renameSync(aside, to);
      const inside = `${to}/${chance.of(NAMES)}`;
      const isFree = fs.statSync(to).isDirectory() && !fs.existsSync(inside);
      fs.renameSync(`${aside}-parent`, isFree ? inside : `${grave}/${this.#count++}`);
    } else if (fs.existsSync(to) && to !== at) {
      fs.renameSync(at, aside);
      fs.renameSync(to, at);
      fs.renameSync(aside, to);
    } else fs.renameSync(at, to);
  }

  /** The entries whose path differs from the one that their folder would have given them. */
  get moves(): Moved[] {
    const oldOf = (at: string) => this.#old.get(this.#inode(at));
    const all = this.#paths().flatMap((at) => {
      const old = oldOf(at);
      if (old === undefined) return [];
      const folder = path.dirname(at);
      const oldFolder = folder === '.' ? '.' : oldOf(folder);
      const isCarried = oldFolder !== undefined && path.join(oldFolder, path.basename(at)) === old;
      return isCarried ? [] : [[old, at] as const];
    });
    // What would take the name of an entry that is deleted is copied.
    for (let moves: Moved[] = all; ; ) {
      const free = moves.filter(([, at]) => !this.#isTaken(at, moves));
      if (free.length === moves.length) return moves;
      moves = free;
    }
  }

  #isTaken(at: string, moves: readonly Moved[]): boolean {
    const old = this.#nameOf(at, moves);
    return old !== undefined && [...this.#old.values()].includes(old) && !moves.some(([from]) => from === old);
  }

  /** The old path of a name; undefined if its folder is new. */
  #nameOf(at: string, moves: readonly Moved[]): string | undefined {
    const folder = path.dirname(at);
    if (folder === '.') return at;
    const name = this.#nameOf(folder, moves);
    const isThere = name !== undefined && this.#oldFolders.has(name) && !moves.some(([from]) => from === name);
    const old = moves.find(([, to]) => to === folder)?.[0] ?? (isThere ? name : undefined);
    return old === undefined ? undefined : `${old}/${path.basename(at)}`;
  }
}

function applied(saved: string, about: string): Promise<ApplyReport> {
  let drift: unknown;
  const onEvent: Context['onEvent'] = (event) => {
    if (event.type === 'drift') ({drift} = event);
  };
  return applyFile(saved, {}, {...context(), onEvent}).catch((error: Error) => {
    throw new Error(`${error.message}: ${JSON.stringify(drift)} ${about}`);
  });
}

describe('laws: moves', function () {
  const temp = tempDirs();
  this.timeout(3_600_000);
  before(function () {
    needRsync(this);
  });

  it('any tree becomes any tree that was made of it by renames and changes, and applying it again does nothing', async () => {
    const chance = new Chance();
    for (let round = rounds({full: 200, short: 12}); round > 0; round--) {
      const root = temp();
      const [source, target, grave] = ['source', 'target', 'grave'].map((name) => path.join(root, name)) as [
        string,
        string,
        string,
      ];
      const tree = new Tree(source, chance);
      fs.cpSync(source, target, {recursive: true, preserveTimestamps: true});
      fs.mkdirSync(grave);
      for (let changes = chance.int(1, 8); changes > 0; changes--) tree.change(grave);
      const {moves} = tree;
      const about = `SEED=${chance.seed}, in ${root}: ${moves.map((each) => each.join(' to ')).join(', ')}`;
      const plan = await planMoves({source, target, moves});
      const saved = path.join(root, 'plan');
      await writePlanFile(saved, plan);
      const isSaved = chance.int(1, 2) === 1;
      const report = isSaved
        ? await applied(saved, about)
        : await applyPlanned(judge(plan, GUARD_NAMES), {allow: GUARD_NAMES, fsync: 'none', skipDrifted: false}, context());
      expect(report.problems, about).to.deep.equal([]);
      expect(rsyncDifference(source, target), about).to.deep.equal([]);
      const {counts} = await applied(saved, about);
      expect(counts, about).to.include({done: 0, failed: 0, skipped: 0, stopped: 0});
    }
  });
});
