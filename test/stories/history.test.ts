import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {dirsync, pairIn, startDirsync, withoutChange} from '../support/cli.js';
import {tempDirs} from '../support/temp.js';
import {readTree, type Tree} from '../support/tree.js';

describe('story: what runs did', () => {
  const temp = tempDirs();

  const ok = (...args: string[]) => {
    const {code, stdout, stderr} = dirsync(args);
    expect({code, stderr}).to.deep.equal({code: 0, stderr: ''});
    return stdout;
  };

  it('history lists two runs, show tells of each', () => {
    const {root, source, target} = pairIn(temp(), {a: 'a', b: {c: 'c'}});
    ok('run', source, target);
    ok('run', source, target);
    fs.appendFileSync(path.join(source, 'a'), 'more');
    fs.rmSync(path.join(source, 'b'), {recursive: true});
    ok('apply', source, target, '--yes');

    withoutChange(root, () => {
      const text = ok('history', target);
      const [, newer = '', older = ''] = /^.*\n\n(.*)\n(.*)\n\n/.exec(text) ?? [];
      expect(text.split('\n')[0]).to.equal(target);
      expect(newer).to.match(/^ {2}2\S+ \S+Z {2}\d\.\d s {2}~1 ·1 -2 +5 B {2}done {2}\S+$/);
      expect(older).to.match(/^ {2}2\S+ \S+Z {2}\d\.\d s {2}\+4 +2 B {2}done {2}\S+$/);
      for (const args of [
        ['-o', target],
        [source, target],
        [target, '--limit', '20'],
      ]) {
        expect(ok('history', ...args)).to.equal(text);
      }
      expect(ok('history', target, '--limit', '1'))
        .to.include(newer)
        .and.not.include(older);

      const shown = ok('show', 'latest', '--target', target);
      expect(shown).to.include(`${source} → ${target}\n`);
      expect(shown).to.match(/\n {2}~ update {3}a +5 B\n {2}- rmdir {4}b\/\n {2}- delete {3}b\/c +1 B\n/);
      expect(shown).to.match(/\nDone: 4 changes\.\n$/);
      const id = newer.split(' ').at(-1) as string;
      expect(ok('show', id, '-o', target)).to.equal(shown);
      expect(ok('show', path.join(target, `.dirsync/runs/${id}.ndjson`))).to.equal(shown);

      const document = JSON.parse(ok('history', target, '--json'));
      expect(document).to.include({format: 1, type: 'history', target});
      expect(document.runs.map((run: {header: {id: string}}) => run.header.id)).to.deep.equal([id, older.split(' ').at(-1)]);
      const run = JSON.parse(ok('show', id, '-o', target, '--json'));
      expect(run).to.include({format: 1, type: 'run'});
      expect(run.steps).to.have.length(4);
    });
  });

  it('a job comes before a folder of its name', () => {
    const {root, source, target} = pairIn(temp(), {a: 'a'});
    ok('run', source, target);
    fs.mkdirSync(path.join(root, 'photos'));
    const inRoot = (...args: string[]) => dirsync(['history', ...args], {cwd: root}).stdout.split('\n')[0];
    expect(inRoot('photos')).to.equal(path.join(root, 'photos'));
    fs.writeFileSync(path.join(root, 'dirsync.config.yaml'), 'jobs: {photos: {source: source, target: target}}');
    expect(inRoot('photos')).to.equal(target);
    expect(inRoot('./photos')).to.equal(path.join(root, 'photos'));
  });

  for (const {title, args, says} of [
    {title: 'no target', args: ['history'], says: 'no target is given'},
    {title: 'a target given twice', args: ['history', 'target', '-o', 'target'], says: 'the target is given twice'},
    {title: 'a missing target', args: ['history', '-o', 'missing'], says: 'The target does not exist: ROOT/missing'},
    {title: 'a target that is a file', args: ['history', '-o', 'source/a'], says: 'The target is not a folder: source/a'},
    {title: 'an unknown job', args: ['history', 'photos'], says: 'There is no such job: "photos"'},
    {title: 'an unknown run', args: ['show', '20260101', '-o', 'target'], says: 'There is no such run: 20260101'},
    {
      title: 'the latest of none',
      args: ['show', 'latest', '-o', 'target'],
      says: 'There is no such run: no run is recorded in ROOT',
    },
    {title: 'a limit of 0', args: ['history', 'target', '--limit', '0'], says: '--limit takes a whole number from 1'},
  ]) {
    it(`is refused: ${title}`, () => {
      const {root} = pairIn(temp(), {a: 'a'}, {});
      const {code, stdout, stderr} = withoutChange(root, () => dirsync(args, {cwd: root}));
      expect({code, stdout}).to.deep.equal({code: 1, stdout: ''});
      expect(stderr).to.include(says.replace('ROOT', root));
    });
  }

  it('a killed run leaves a journal of what it had done until about then', async () => {
    const FOLDERS = 60;
    const files = (d: number): Tree =>
      Object.fromEntries(Array.from({length: 100}, (_, i) => [`f${i}`, `${d} ${i} `.repeat(999)]));
    const {source, target} = pairIn(temp(), Object.fromEntries(Array.from({length: FOLDERS}, (_, d) => [`d${d}`, files(d)])), {});
    const running = startDirsync(['run', source, target]);
    await running.until(() => fs.existsSync(path.join(target, 'd30/f0')));
    await running.kill('SIGKILL');
    expect(ok('history', target)).to.include('killed or still running');
    const run = JSON.parse(ok('show', 'latest', '-o', target, '--json'));
    const written = Object.entries(readTree(target)).filter(([, found]) => found.startsWith('file'));
    const recorded = run.steps.filter(({kind}: {kind: string}) => kind === 'create').map(({path}: {path: string}) => path);
    expect(written.map(([at]) => at)).to.include.members(recorded);
    expect(recorded.length, 'nearly all that was written').to.be.greaterThan(0.5 * written.length);
    expect(run).to.not.have.property('end');

    ok('run', source, target);
    expect(JSON.parse(ok('history', target, '--json')).runs.map(({end}: {end?: object}) => end !== undefined)).to.deep.equal([
      true,
      false,
    ]);
  });
});
