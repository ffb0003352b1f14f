import {execFileSync, spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {setTimeout as delay} from 'node:timers/promises';
import {expect} from 'chai';
import type {Action} from '../../src/core/action.js';
import {dirsync, pairIn, withoutChange} from '../support/cli.js';
import {remembering} from '../support/guards.js';
import {skip} from '../support/skip.js';
import {needStrace} from '../support/strace.js';
import {tempDirs} from '../support/temp.js';
import type {Tree} from '../support/tree.js';

const UNUSABLE = 'what earlier runs have remembered in the target cannot be used';

describe('story: the remembered manifest', () => {
  const temp = tempDirs();

  class Pair {
    readonly root: string;
    readonly source: string;
    readonly target: string;

    constructor(tree: Tree = {a: 'x', d: {b: 'yy', c: 'zzz'}}, target?: Tree) {
      const {root, source, target: at} = pairIn(temp(), tree, target);
      [this.root, this.source, this.target] = [root, source, at];
    }

    get file(): string {
      return path.join(this.target, '.dirsync/last.manifest');
    }

    dirsync(command: string, flags: readonly string[] = []) {
      return dirsync([command, this.source, this.target, ...flags], {...remembering(this.root), cwd: this.root});
    }

    run(...flags: string[]): number | null {
      return this.dirsync('run', flags).code;
    }

    plan(...flags: string[]): {header: {warnings: string[]}; actions: Action[]} {
      return JSON.parse(this.dirsync('plan', ['--json', ...flags]).stdout);
    }

    /** Each change of a plan, but for times of folders: such as `update a changed`. */
    drifts(...flags: string[]): string[] {
      const changes = this.plan(...flags).actions.filter(({kind, after}) => kind !== 'attrs' || after.kind !== 'directory');
      return changes.map(({kind, path, targetDrift}) =>
        [kind, path, ...(targetDrift === undefined ? [] : [targetDrift])].join(' '),
      );
    }

    write(at: string, content: string): void {
      fs.writeFileSync(path.join(this.root, at), content);
    }

    remove(at: string): void {
      fs.rmSync(path.join(this.root, at), {recursive: true});
    }
  }

  describe('extended attributes', () => {
    /** How many entries are asked for their attributes. */
    function asked(pair: Pair, ...flags: string[]): number {
      const trace = path.join(pair.root, 'trace');
      const under = ['strace', '-f', '-o', trace, '-e', 'trace=llistxattr'];
      const options = {...remembering(pair.root), cwd: pair.root, under};
      expect(dirsync(['plan', pair.source, pair.target, ...flags], options).code).to.equal(0);
      return fs
        .readFileSync(trace, 'utf8')
        .split('\n')
        .filter((line) => line.includes('llistxattr(')).length;
    }

    it('are read again only where something has changed', async function () {
      needStrace(this);
      const names = Array.from({length: 50}, (_, i) => [`f${i}`, 'x'] as const);
      const pair = new Pair({d: Object.fromEntries(names)});
      const set = (at: string, value: string) => {
        const {status} = spawnSync('setfattr', ['-n', 'user.a', '-v', value, path.join(pair.root, at)]);
        if (status !== 0) skip(this, 'setfattr is missing, or the file system has no attributes');
      };
      set('source/d/f7', 'old');
      expect(pair.run()).to.equal(0);
      // What was changed just before it is read is not trusted.
      await delay(3100);
      expect(pair.run()).to.equal(0);
      const all = asked(pair, '--no-memory');
      expect(all).to.be.at.least(2 * 52);
      expect(asked(pair)).to.be.at.most(4);
      set('source/d/f8', 'new');
      set('target/d/f7', 'other');
      expect(asked(pair)).to.be.at.most(6);
      expect(pair.drifts()).to.deep.equal(['attrs d/f7 changed', 'attrs d/f8']);
      expect(pair.run()).to.equal(0);
      expect(pair.drifts()).to.deep.equal([]);
      expect(pair.drifts('--no-memory')).to.deep.equal([]);
    });
  });

  describe('target drift', () => {
    const cases: Record<string, [act: (pair: Pair) => void, expected: readonly string[]]> = {
      'a file that somebody wrote to': [(pair) => pair.write('target/a', 'other'), ['update a changed']],
      'a file that somebody else and the source have changed': [
        (pair) => {
          pair.write('target/a', 'other');
          pair.write('source/a', 'newer!');
        },
        ['update a changed'],
      ],
      'a mode': [(pair) => fs.chmodSync(path.join(pair.target, 'd/b'), 0o600), ['attrs d/b changed']],
      'new entries': [
        (pair) => {
          fs.mkdirSync(path.join(pair.target, 'new'));
          pair.write('target/new/file', 'x');
          pair.write('target/d/new', 'x');
        },
        ['delete d/new added', 'rmdir new added', 'delete new/file added'],
      ],
      'deleted entries': [(pair) => pair.remove('target/d'), ['mkdir d removed', 'create d/b removed', 'create d/c removed']],
      'a deleted file that is new in the source': [
        (pair) => {
          pair.remove('target/a');
          pair.write('source/a', 'newer!');
        },
        ['create a'],
      ],
      'a file in place of a folder': [
        (pair) => {
          pair.remove('target/d');
          pair.write('target/d', 'x');
        },
        ['replace d changed', 'create d/b removed', 'create d/c removed'],
      ],
      'only the source': [
        (pair) => {
          pair.write('source/a', 'newer!');
          pair.write('source/new', 'x');
          pair.remove('source/d/b');
        },
        ['update a', 'delete d/b', 'create new'],
      ],
    };
    for (const [title, [act, expected]] of Object.entries(cases)) {
      for (const again of [false, true]) {
        it(`is seen: ${title}, ${again ? 'after a run with nothing to do' : 'after the first run'}`, () => {
          const pair = new Pair();
          expect(pair.run()).to.equal(0);
          if (again) expect(pair.run()).to.equal(0);
          act(pair);
          expect(pair.drifts()).to.have.members(expected);
        });
      }
    }

    it('is what a narrowed run has left alone, and not what it has done', () => {
      const pair = new Pair();
      expect(pair.run()).to.equal(0);
      pair.write('target/a', 'other');
      pair.write('target/d/b', 'different');
      pair.write('source/d/c', 'newer!');
      expect(pair.run('--only', '/d/b')).to.equal(0);
      expect(pair.drifts()).to.have.members(['update a changed', 'update d/c']);
    });

    it('is not what a saved plan has done', () => {
      const pair = new Pair();
      expect(pair.run()).to.equal(0);
      pair.write('source/a', 'newer!');
      pair.write('source/new', 'x');
      pair.remove('source/d/b');
      const plan = path.join(pair.root, 'plan');
      expect(pair.dirsync('plan', ['--out', plan]).code).to.equal(0);
      expect(dirsync(['apply', plan], {...remembering(pair.root), cwd: pair.root}).code).to.equal(0);
      pair.write('source/a', 'newest');
      pair.write('source/d/b', 'back');
      pair.remove('source/new');
      pair.write('target/d/c', 'other');
      expect(pair.drifts()).to.have.members(['update a', 'create d/b', 'update d/c changed', 'delete new']);
    });

    it('is not told after a run that nothing is remembered of', () => {
      const pair = new Pair();
      expect(pair.run()).to.equal(0);
      pair.write('source/a', 'newer!');
      expect(pair.run('--no-memory')).to.equal(0);
      pair.write('target/d/b', 'other');
      expect(pair.drifts()).to.deep.equal(['update d/b']);
      // What is remembered is current again.
      expect(pair.run()).to.equal(0);
      pair.write('target/d/b', 'another');
      expect(pair.drifts()).to.deep.equal(['update d/b changed']);
    });

    describe('--on-drift', () => {
      const changed = (): Pair => {
        const pair = new Pair();
        expect(pair.run()).to.equal(0);
        pair.write('target/a', 'other');
        pair.write('target/new', 'x');
        pair.remove('target/d/b');
        pair.write('source/d/c', 'newer!');
        return pair;
      };
      const content = ({target}: Pair, at: string) => fs.readFileSync(path.join(target, at), 'utf8');

      it('overwrite makes the target equal to the source', () => {
        const pair = changed();
        expect(pair.run('--on-drift', 'overwrite')).to.equal(0);
        expect(pair.drifts()).to.deep.equal([]);
      });

      it('keep leaves all of it, in each further run too, until it is told otherwise', () => {
        const pair = changed();
        for (const _ of [1, 2, 3]) {
          const {code, stdout} = pair.dirsync('run', ['--on-drift', 'keep']);
          expect(code).to.equal(0);
          expect(stdout).to.include('3 changes are left out, because somebody else has changed the target there');
          expect([content(pair, 'a'), content(pair, 'new'), content(pair, 'd/c')]).to.deep.equal(['other', 'x', 'newer!']);
          expect(fs.existsSync(path.join(pair.target, 'd/b'))).to.equal(false);
        }
        expect(pair.drifts()).to.have.members(['update a changed', 'create d/b removed', 'delete new added']);
        expect(pair.run()).to.equal(0);
        expect(pair.drifts()).to.deep.equal([]);
      });

      it('fail halts before anything is changed, until the guard is allowed', () => {
        const pair = changed();
        const {code, stderr} = withoutChange(pair.target, () => pair.dirsync('run', ['--on-drift', 'fail']));
        expect(code).to.equal(5);
        expect(stderr).to.include('target-drift: somebody else has changed the target since the last run, at 3 paths');
        expect(pair.run('--on-drift', 'fail', '--allow', 'target-drift')).to.equal(0);
        expect(pair.run('--on-drift', 'fail')).to.equal(0);
      });
    });
  });

  describe('the file', () => {
    const spoils: Record<string, (file: string) => void> = {
      empty: (file) => fs.truncateSync(file),
      'cut off': (file) => fs.truncateSync(file, fs.statSync(file).size - 1),
      'with a flipped bit at its start': (file) => flip(file, 60),
      'with a flipped bit in its middle': (file) => flip(file, fs.statSync(file).size >> 1),
      'with a flipped bit near its end': (file) => flip(file, fs.statSync(file).size - 20),
      'with more at its end': (file) => fs.appendFileSync(file, 'x'),
      '2 GB of zeros': (file) => fs.truncateSync(file, 0) ?? fs.truncateSync(file, 2 ** 31),
      'a FIFO': (file) => {
        fs.unlinkSync(file);
        execFileSync('mkfifo', [file]);
      },
      'a symlink': (file) => {
        fs.renameSync(file, `${file}-away`);
        fs.symlinkSync(`${file}-away`, file);
      },
      'a folder': (file) => {
        fs.unlinkSync(file);
        fs.mkdirSync(file);
      },
    };
    for (const [title, spoil] of Object.entries(spoils)) {
      it(`is as if it was not there, and written anew, if it is ${title}`, () => {
        const pair = new Pair();
        expect(pair.run()).to.equal(0);
        spoil(pair.file);
        pair.write('source/a', 'newer!');
        expect(pair.plan().header.warnings.filter((warning) => warning.startsWith(UNUSABLE))).to.have.length(1);
        expect(pair.drifts()).to.deep.equal(['update a']);
        expect(pair.run()).to.equal(0);
        expect(pair.plan().header.warnings).to.deep.equal([]);
        pair.write('target/d/b', 'other');
        expect(pair.drifts()).to.deep.equal(['update d/b changed']);
      });
    }

    it('is not used if it belongs to a different target or source', () => {
      const [pair, other] = [new Pair(), new Pair()];
      for (const each of [pair, other]) expect(each.run()).to.equal(0);
      const of = (each: Pair) => each.plan().header.warnings.map((warning) => /\((.*)\)/.exec(warning)?.[1]);
      fs.copyFileSync(other.file, pair.file);
      expect(of(pair)).to.deep.equal(['it belongs to a different target']);
      fs.renameSync(other.source, `${other.source}-away`);
      fs.cpSync(`${other.source}-away`, other.source, {recursive: true, preserveTimestamps: true});
      expect(of(other)).to.deep.equal(['it belongs to a different source']);
    });

    it('is missing without a warning', () => {
      const pair = new Pair();
      expect(pair.run()).to.equal(0);
      fs.unlinkSync(pair.file);
      expect(pair.plan().header.warnings).to.deep.equal([]);
      expect(pair.run()).to.equal(0);
      expect(fs.existsSync(pair.file)).to.equal(true);
    });

    it('is private, and stays as it is if nothing has changed', async () => {
      const pair = new Pair();
      expect(pair.run()).to.equal(0);
      await delay(3100);
      expect(pair.run()).to.equal(0);
      expect(fs.statSync(pair.file).mode & 0o777).to.equal(0o600);
      withoutChange(path.join(pair.target, '.dirsync'), () => expect(pair.run()).to.equal(0));
    });

    it('is not written by a plan, nor by a run with nothing to do in a target without .dirsync', () => {
      const same = {a: 'x'};
      const pair = new Pair(same, same);
      for (const root of [pair.source, pair.target]) for (const at of ['a', '.']) fs.utimesSync(path.join(root, at), 1000, 1000);
      expect(pair.run()).to.equal(0);
      expect(fs.existsSync(path.join(pair.target, '.dirsync'))).to.equal(false);
      pair.write('source/b', 'x');
      withoutChange(pair.target, () => expect(pair.dirsync('plan').code).to.equal(0));
    });

    it('is neither read nor written with --no-memory', () => {
      const pair = new Pair();
      expect(pair.run('--no-memory')).to.equal(0);
      expect(fs.existsSync(pair.file)).to.equal(false);
      fs.writeFileSync(pair.file, 'x');
      expect(pair.plan('--no-memory').header.warnings).to.deep.equal([]);
      expect(pair.run('--no-memory')).to.equal(0);
      expect(fs.readFileSync(pair.file, 'utf8')).to.equal('x');
    });

    it('of a target that nobody may write to is no problem if there is nothing to do', () => {
      const pair = new Pair();
      const isRoot = process.getuid?.() === 0;
      if (isRoot) execFileSync('chown', ['-R', '65534:65534', pair.root]);
      const options = {...remembering(pair.root), cwd: pair.root, uid: isRoot ? 65_534 : undefined};
      const run = () => dirsync(['run', pair.source, pair.target], options).code;
      expect(run()).to.equal(0);
      fs.unlinkSync(pair.file);
      fs.chmodSync(path.dirname(pair.file), 0o500);
      expect(run()).to.equal(0);
      expect(fs.existsSync(pair.file)).to.equal(false);
      fs.chmodSync(path.dirname(pair.file), 0o700);
      expect(run()).to.equal(0);
      expect(fs.existsSync(pair.file), 'written when it can be').to.equal(true);
    });

    it('is written although a killed run has left a draft of it', () => {
      const pair = new Pair();
      expect(pair.run()).to.equal(0);
      fs.mkdirSync(`${pair.file}.new`);
      fs.writeFileSync(path.join(`${pair.file}.new`, 'x'), '');
      pair.write('source/a', 'newer!');
      expect(pair.run()).to.equal(0);
      expect(fs.existsSync(`${pair.file}.new`)).to.equal(false);
    });
  });

  function flip(file: string, at: number): void {
    const bytes = fs.readFileSync(file);
    bytes[at] = (bytes[at] as number) ^ 1;
    fs.writeFileSync(file, bytes);
  }
});
