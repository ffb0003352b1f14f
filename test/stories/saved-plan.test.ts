import {createHash} from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import {gunzipSync} from 'node:zlib';
import {expect} from 'chai';
import {planFlags, rootFlags} from '../../src/commands/flags.js';
import {type CliResult, dirsync, pairIn, withoutChange} from '../support/cli.js';
import {needRsync, rsyncDifference} from '../support/oracle.js';
import {tempDirs} from '../support/temp.js';
import {DEFAULT_MTIME, dir, file, readTree, symlink, type Tree, writeTree} from '../support/tree.js';

type Json = Record<string, unknown>;
type Pair = ReturnType<typeof pairIn> & {plan: string};

const OLD: Tree = {edited: 'older', gone: 'x', same: 's'};
const NEW = {edited: file('newer', {mtime: DEFAULT_MTIME + 1n}), added: {file: 'new'}, same: 's'};

/** What a plan file says, line by line, without its trailer. */
function linesOf(plan: string): Json[] {
  const lines = gunzipSync(fs.readFileSync(plan)).toString().trimEnd().split('\n');
  return lines.slice(0, -1).map((line) => JSON.parse(line));
}

/** Writes a plan with a right trailer, as plain NDJSON. */
function forge(plan: string, lines: readonly Json[]): void {
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  const problems = lines.filter((line) => 'problem' in line).length;
  const sha256 = createHash('sha256').update(text).digest('hex');
  const trailer = {trailer: {actions: lines.length - 1 - problems, problems, sha256}};
  fs.writeFileSync(plan, `${text}${JSON.stringify(trailer)}\n`);
}

const FILE = {kind: 'file', mode: '0644', uid: 0, gid: 0, size: 4, mtime: '1700000000.000000001'};
const LINK = {kind: 'symlink', mode: '0777', uid: 0, gid: 0, size: 0, mtime: '1700000000.000000001'};
const create = (at: string): Json => ({kind: 'create', path: at, reasons: ['new'], after: FILE});

describe('story: a saved plan', () => {
  const temp = tempDirs();

  function saved(source: Tree = NEW, target: Tree | undefined = OLD, flags: readonly string[] = []): Pair {
    const root = temp();
    const pair = {...pairIn(root, source, target), plan: path.join(root, 'plan')};
    const result = dirsync(['plan', pair.source, pair.target, '--out', pair.plan, ...flags]);
    expect(result).to.deep.include({code: 0, stderr: ''});
    return pair;
  }

  function apply({plan}: Pair, ...flags: string[]): CliResult {
    return dirsync(['apply', plan, ...flags]);
  }

  it('is shown as it was made, applied without asking, and does nothing the second time', function () {
    needRsync(this);
    const root = temp();
    const pair = {...pairIn(root, NEW, OLD), plan: path.join(root, 'plan')};
    const made = dirsync(['plan', pair.source, pair.target, '--out', pair.plan]);
    const shown = withoutChange(pair.root, () => dirsync(['show', pair.plan]));
    expect(shown).to.deep.equal(made);
    expect(withoutChange(pair.source, () => apply(pair))).to.deep.include({code: 0, stderr: ''});
    expect(rsyncDifference(pair.source, pair.target)).to.deep.equal([]);
    const again = withoutChange(pair.root, () => apply(pair));
    expect(again).to.deep.include({code: 0, stderr: ''});
    expect(again.stdout)
      .to.match(/already done +4\n/)
      .and.not.match(/^ +done/m);
  });

  it('makes an absent target, also a second time', () => {
    const pair = saved(NEW, undefined);
    expect(apply(pair).code).to.equal(0);
    const {code} = withoutChange(pair.root, () => apply(pair));
    expect(code, 'applied again').to.equal(0);
  });

  for (const {title, drift, path: at, found} of [
    {title: 'a changed file in the target', drift: 'target/edited', path: 'edited (target)', found: 'size 7 instead of 5'},
    {title: 'a changed file in the source', drift: 'source/edited', path: 'edited (source)', found: 'size 7 instead of 5'},
    {
      title: 'a file in the target where one is to be made',
      drift: 'target/added',
      path: 'added (target)',
      found: 'a file is there now',
    },
    {title: 'a changed file that is to be deleted', drift: 'target/gone', path: 'gone (target)', found: 'size 7 instead of 1'},
    {
      title: 'a file back in the source that is to be deleted',
      drift: 'source/gone',
      path: 'gone (source)',
      found: 'it is back in the source',
    },
  ]) {
    it(`is refused as a whole for ${title}; --skip-drifted does the rest`, () => {
      const pair = saved();
      const drifted = path.join(pair.root, drift);
      fs.writeFileSync(drifted, 'drifted');
      const refused = withoutChange(pair.root, () => apply(pair));
      expect(refused.code).to.equal(4);
      expect(refused.stdout).to.include(`  ${at}: ${found}\n`);
      expect(refused.stderr).to.include('The plan no longer fits the two trees').and.include('--skip-drifted');
      expect(fs.existsSync(path.join(pair.target, '.dirsync'))).to.equal(false);
      const asJson = JSON.parse(apply(pair, '--json').stdout);
      expect(asJson).to.deep.include({type: 'error', code: 'PLAN_STALE', exitCode: 4});
      expect(asJson.drift.map((one: Json) => `${one.path} (${one.side})`)).to.include(at);

      const {code, stdout} = apply(pair, '--skip-drifted');
      expect(code).to.equal(3);
      expect(stdout).to.include('Skipped because of drift');
      expect(fs.readFileSync(drifted, 'utf8')).to.equal('drifted');
      const name = path.basename(drift);
      const {edited, gone, 'added/file': added} = readTree(pair.target);
      if (name !== 'edited') expect(edited).to.include('"newer"');
      if (name !== 'gone') expect(gone).to.equal(undefined);
      else expect(gone).to.be.a('string');
      if (name !== 'added') expect(added).to.include('"new"');
    });
  }

  it('is refused for a folder that became a symlink, and nothing goes through it with --skip-drifted', () => {
    const pair = saved({folder: {new: 'n'}, other: 'new'}, {folder: {gone: 'g'}});
    const outside = path.join(pair.root, 'outside');
    fs.renameSync(path.join(pair.target, 'folder'), outside);
    fs.symlinkSync('../outside', path.join(pair.target, 'folder'));
    const {code, stdout} = withoutChange(pair.root, () => apply(pair));
    expect(code).to.equal(4);
    expect(stdout).to.include('  folder (target): a symlink instead of a folder\n');
    expect(withoutChange(outside, () => apply(pair, '--skip-drifted')).code).to.equal(3);
    expect(readTree(pair.target)).to.include.keys('other');
  });

  it('keeps a folder and what is in it when the file that was to replace it is gone, and does the rest with --skip-drifted', () => {
    const pair = saved({folder: 'a file', other: 'new'}, {folder: {mine: 'mine', more: {deep: 'mine too'}}});
    fs.rmSync(path.join(pair.source, 'folder'));
    const folder = path.join(pair.target, 'folder');
    const {code, stdout} = withoutChange(pair.root, () => apply(pair));
    expect(code).to.equal(4);
    expect(stdout).to.include('  folder (source): it is gone from the source\n');
    expect(withoutChange(folder, () => apply(pair, '--skip-drifted')).code).to.equal(3);
    expect(readTree(pair.target)).to.include.keys('other');
  });

  it('is refused for a touched file: its time is part of what the plan saw', () => {
    const pair = saved();
    fs.utimesSync(path.join(pair.target, 'edited'), 1, 1);
    const {code, stdout} = withoutChange(pair.root, () => apply(pair));
    expect(code).to.equal(4);
    const [plan] = dirsync(['show', pair.plan]).stdout.split(/^Plan file/m);
    expect(stdout).to.equal(`${plan}  edited (target): a different modification time\n`);
  });

  describe('with flags', () => {
    const many = Object.fromEntries(Array.from({length: 9}, (_, i) => [`f${i}`, 'x']));

    it('halts above --max-delete, in place of what the plan says', () => {
      const pair = saved({a: 'x'}, {a: 'x', ...many}, ['--max-delete', '20']);
      const halted = withoutChange(pair.root, () => apply(pair, '--max-delete', '8'));
      expect(halted.code).to.equal(5);
      expect(halted.stderr).to.include('too-many-deletes: would delete 9 of 10 files').and.include('more than --max-delete 8');
      const bad = withoutChange(pair.root, () => apply(pair, '--max-delete', 'many', '--json'));
      expect(bad.code).to.equal(1);
      expect(JSON.parse(bad.stdout)).to.deep.include({code: 'USAGE'});
      expect(apply(pair, '--max-delete', '9')).to.deep.include({code: 0, stderr: ''});
    });

    it('is let pass by --max-delete where the plan alone would halt', () => {
      const pair = saved({a: 'x'}, {a: 'x', ...many}, ['--max-delete', '1']);
      expect(apply(pair).code).to.equal(5);
      expect(apply(pair, '--max-delete', '100%').code).to.equal(0);
    });

    it('makes the folders above the target, unless --no-mkpath says otherwise', () => {
      const root = temp();
      const {source} = pairIn(root, NEW);
      const pair = {root, source, target: path.join(root, 'far/away'), plan: path.join(root, 'plan')};
      expect(dirsync(['plan', source, pair.target, '--mkpath', '--out', pair.plan]).code).to.equal(0);
      const {stderr} = withoutChange(root, () => apply(pair, '--no-mkpath'));
      expect(stderr).to.include('The folder that should hold the target does not exist');
      expect(apply(pair).code).to.equal(0);
    });

    it('refuses each flag that says how a plan is made, and nothing is done', () => {
      const pair = saved();
      const values: Record<string, string> = {
        'owner-by': 'name',
        'links-as': 'content',
        'exclude-if-present': '.nobackup',
        'min-size': '1',
        'max-size': '1',
        'move-check-limit': '1',
        'on-drift': 'fail',
        preserve: 'mode',
        'no-preserve': 'mode',
        'mtime-window': '2s',
        'exclude-from': pair.plan,
      };
      const making = {...planFlags, config: rootFlags.config};
      for (const [name, flag] of Object.entries(making)) {
        if (name === 'max-delete') continue;
        const isBoolean = flag.type === 'boolean';
        const typed = isBoolean
          ? [[`--${name}`], ...(flag.allowNo ? [[`--no-${name}`]] : [])]
          : [[`--${name}`, values[name] ?? 'x']];
        for (const [word = '', ...more] of typed) {
          const {code, stderr} = withoutChange(pair.root, () => apply(pair, word, ...more));
          expect({code, stderr}, word).to.deep.include({code: 1});
          expect(stderr, word).to.include(`${word} affects how a plan is made, but a saved plan is already made\n`);
        }
      }
    });

    it('refuses --live: nobody knows whether a file that has grown is what was approved', () => {
      const pair = saved();
      const {code, stderr} = withoutChange(pair.root, () => apply(pair, '--live', 'copy'));
      expect(code).to.equal(1);
      expect(stderr).to.include('--live works only with fresh plans');
    });

    for (const flag of ['--log-level', '--log-format']) {
      it(`refuses ${flag} without a log`, () => {
        const pair = saved();
        const {code, stderr} = withoutChange(pair.root, () => apply(pair, flag, flag === '--log-level' ? 'warn' : 'json'));
        expect({code}).to.deep.equal({code: 1});
        expect(stderr).to.include(`${flag} is given without a log\n`);
      });
    }

    it('is refused for another source, although its own was missing', () => {
      const root = temp();
      const pair = {...pairIn(root, {}, {a: 'x'}), plan: path.join(root, 'plan')};
      const missing = path.join(root, 'missing');
      const allow = ['--allow', 'source-missing', '--allow', 'source-empty'];
      expect(dirsync(['plan', missing, pair.target, ...allow, '--out', pair.plan]).code).to.equal(0);
      const {code, stderr} = withoutChange(root, () => apply(pair, ...allow, '-i', pair.source));
      expect(code).to.equal(4);
      expect(stderr).to.include(`its source is ${missing}, not ${pair.source}\n`);
      expect(apply(pair, ...allow, '-i', missing).code).to.equal(0);
    });
  });

  describe('for other folders', () => {
    for (const {title, change, flags = () => []} of [
      {
        title: 'the target replaced by another folder',
        change: ({target}: Pair) => {
          fs.renameSync(target, `${target}-old`);
          fs.cpSync(`${target}-old`, target, {recursive: true, preserveTimestamps: true});
        },
      },
      {
        title: 'the source replaced by another folder',
        change: ({source}: Pair) => {
          fs.renameSync(source, `${source}-old`);
          fs.cpSync(`${source}-old`, source, {recursive: true, preserveTimestamps: true});
        },
      },
      {
        title: 'the target replaced by a symlink to another folder',
        change: ({target}: Pair) => {
          fs.renameSync(target, `${target}-old`);
          writeTree(`${target}-new`, OLD);
          fs.symlinkSync(`${target}-new`, target);
        },
      },
      {title: 'another source', change: () => {}, flags: ({root, target}: Pair) => ['-i', root, '-o', target]},
      {title: 'another target', change: () => {}, flags: ({root, source}: Pair) => ['-i', source, '-o', root]},
    ]) {
      it(`is refused: ${title}`, () => {
        const pair = saved();
        change(pair);
        const {code, stderr, stdout} = withoutChange(pair.root, () => apply(pair, ...flags(pair)));
        expect({code, stdout}).to.deep.equal({code: 4, stdout: ''});
        expect(stderr)
          .to.include('The plan was made for another folder: ')
          .and.match(/\n {2}\S/);
        const document = JSON.parse(apply(pair, ...flags(pair), '--json').stdout);
        expect(document).to.deep.include({code: 'PLAN_OTHER_ROOT', exitCode: 4});
      });
    }

    it('is applied when the roots given are its own', () => {
      const pair = saved();
      expect(apply(pair, '-i', pair.source, '-o', `${pair.target}/.`).code).to.equal(0);
    });

    it('is refused when the source is gone', () => {
      const pair = saved();
      fs.renameSync(pair.source, `${pair.source}-away`);
      const {code, stderr} = withoutChange(pair.root, () => apply(pair));
      expect(code).to.equal(5);
      expect(stderr).to.include('The source does not exist');
    });

    it('is refused when the target is gone', () => {
      const pair = saved();
      fs.renameSync(pair.target, `${pair.target}-away`);
      const {code, stderr} = withoutChange(pair.root, () => apply(pair));
      expect(code).to.equal(4);
      expect(stderr).to.include('The plan was made for another folder');
    });
  });

  describe('that is no good', () => {
    const header = ([first]: Json[], fields: Json = {}): Json => ({...first, ...fields});
    const through = 'is inside "out", which is not a folder at that point';
    const hostile = (...actions: Json[]) => {
      return ({plan}: Pair) => forge(plan, [header(linesOf(plan)), ...actions]);
    };
    const linkTo = (at: string) => ({kind: 'create', path: 'out', reasons: ['new'], after: {...LINK, link: at}});

    for (const {title, damage, code, says} of [
      {
        title: 'cut off',
        damage: ({plan}: Pair) => fs.truncateSync(plan, fs.statSync(plan).size - 20),
        code: 'PLAN_DAMAGED',
        says: 'it cannot be unpacked',
      },
      {
        title: 'cut off between two lines',
        damage: ({plan}: Pair) => {
          const lines = gunzipSync(fs.readFileSync(plan)).toString().split('\n').slice(0, 3);
          fs.writeFileSync(plan, `${lines.join('\n')}\n`);
        },
        code: 'PLAN_DAMAGED',
        says: 'it is cut off',
      },
      {
        title: 'edited',
        damage: ({plan}: Pair) => {
          const text = gunzipSync(fs.readFileSync(plan)).toString();
          fs.writeFileSync(plan, text.replace('"path":"gone"', '"path":"same"'));
        },
        code: 'PLAN_DAMAGED',
        says: 'checksum do not match',
      },
      {
        title: 'of a newer format',
        damage: ({plan}: Pair) => forge(plan, [header(linesOf(plan), {format: 2, writer: 'dirsync 9.0.0'})]),
        code: 'PLAN_NEWER',
        says: 'has format 2 and was written by dirsync 9.0.0',
      },
      {
        title: 'no plan',
        damage: ({plan}: Pair) => fs.writeFileSync(plan, 'a shopping list\n'),
        code: 'PLAN_NOT_A_PLAN',
        says: 'does not begin with the header of a plan',
      },
      {title: 'empty', damage: ({plan}: Pair) => fs.writeFileSync(plan, ''), code: 'PLAN_NOT_A_PLAN', says: 'is empty'},
      {title: 'missing', damage: ({plan}: Pair) => fs.rmSync(plan), code: 'PLAN_UNREADABLE', says: 'ENOENT'},
      {title: 'with ..', damage: hostile(create('../outside/x')), code: 'PLAN_HOSTILE', says: '"../outside/x" climbs out'},
      {
        title: 'with .. in the middle',
        damage: hostile(create('added/../../outside/x')),
        code: 'PLAN_HOSTILE',
        says: 'climbs out of the root',
      },
      {
        title: 'with an absolute path',
        damage: hostile(create('/outside/x')),
        code: 'PLAN_HOSTILE',
        says: '"/outside/x" is absolute',
      },
      {title: 'with a NUL', damage: hostile(create('a\0b')), code: 'PLAN_HOSTILE', says: 'contains a NUL'},
      {
        title: 'with dirsync’s own folder',
        damage: hostile(create('.dirsync/x')),
        code: 'PLAN_HOSTILE',
        says: 'which belongs to dirsync',
      },
      {
        title: 'with a path below a symlink that it makes',
        damage: hostile(linkTo('../outside'), create('out/x')),
        code: 'PLAN_HOSTILE',
        says: through,
      },
      {
        title: 'with a hard link to a path outside',
        damage: hostile({kind: 'link', path: 'x', leader: '../outside/kept', reasons: ['new'], after: FILE}),
        code: 'PLAN_HOSTILE',
        says: 'leader "../outside/kept" climbs out',
      },
    ]) {
      it(`is refused: ${title}`, () => {
        const pair = saved();
        writeTree(path.join(pair.root, 'outside'), {kept: 'text'});
        damage(pair);
        for (const command of ['apply', 'show']) {
          const result = withoutChange(pair.root, () => dirsync([command, pair.plan]));
          expect({code: result.code, stdout: result.stdout}).to.deep.equal({code: 1, stdout: ''});
          expect(result.stderr.replaceAll('\\u2019', '’').replaceAll("'", '’')).to.include(says);
          const document = JSON.parse(dirsync([command, pair.plan, '--json']).stdout);
          expect(document).to.deep.include({type: 'error', code, exitCode: 1});
        }
      });
    }

    for (const {title, actions} of [
      {title: 'make a file', actions: [create('out/x')]},
      {
        title: 'make a folder',
        actions: [
          {kind: 'mkdir', path: 'out/folder', reasons: ['new'], after: {...FILE, kind: 'directory', size: 0, mode: '0755'}},
        ],
      },
      {title: 'delete a file', actions: [{kind: 'delete', path: 'out/kept', reasons: ['gone'], before: FILE}]},
      {
        title: 'change a file',
        actions: [{kind: 'attrs', path: 'out/kept', reasons: ['mode'], before: FILE, after: {...FILE, mode: '0600'}}],
      },
      {
        title: 'overwrite a file',
        actions: [
          {kind: 'update', path: 'out/kept', reasons: ['mtime'], before: FILE, after: {...FILE, mtime: '1700000000.000000002'}},
        ],
      },
    ] as {title: string; actions: Json[]}[]) {
      it(`does nothing through a symlink that stands in the target: ${title}`, () => {
        const source = {
          same: 's',
          out: dir({x: 'text', folder: {}, kept: file('text', {mode: 0o600, mtime: DEFAULT_MTIME + 2n - 1n})}),
        };
        if (title.startsWith('delete')) Object.assign(source, {out: {}});
        const pair = saved(source, {same: 's', out: symlink('../outside')});
        writeTree(path.join(pair.root, 'outside'), {kept: 'text'});
        hostile(...actions)(pair);
        const {code, stdout} = withoutChange(pair.root, () => apply(pair));
        // Nothing stands at a path that a symlink is on the way to, so what is to be deleted is gone already.
        expect(code, stdout).to.equal(title.startsWith('delete') ? 0 : 4);
        withoutChange(path.join(pair.root, 'outside'), () => apply(pair, '--skip-drifted'));
      });
    }
  });
});
