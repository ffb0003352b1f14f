import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {toByteName} from '../../src/core/name.js';
import type {RelPath} from '../../src/core/path.js';
import {platform} from '../../src/platform/choose.js';
import type {Folder} from '../../src/platform/platform.js';
import {foldersLeftOpen, leftRenamed, noteOpened, sweepStaging} from '../../src/state/staging.js';
import {besideName, readTraces, type Trace, TraceLog} from '../../src/state/traces.js';
import {tempDirs} from '../support/temp.js';

const opened = (at: string, mode: number): Trace => ({opened: {path: at as RelPath, mode}});
const beside = (folder: string, name: string): Trace => ({beside: {folder: folder as RelPath, name}});

describe('state/traces', () => {
  const temp = tempDirs();
  let target: string;
  /** The folder in which each run has its own. */
  let runs: string;

  beforeEach(() => {
    target = temp();
    runs = path.join(target, '.dirsync/tmp');
    fs.mkdirSync(path.join(runs, 'run-1'), {recursive: true});
  });

  function within<T>(at: string, act: (folder: Folder) => T): T {
    const folder = platform().openRoot(toByteName(at));
    try {
      return act(folder);
    } finally {
      platform().close(folder);
    }
  }
  const read = () => within(runs, (folder) => readTraces(platform(), folder));
  const put = (content: string | Buffer, name = 'run-1/traces-0') => fs.writeFileSync(path.join(runs, name), content);

  function note(run: string, worker: number | 'main', traces: readonly Trace[]): void {
    fs.mkdirSync(path.join(runs, run), {recursive: true});
    within(path.join(runs, run), (folder) => {
      const log = new TraceLog(platform(), folder, worker);
      for (const trace of traces) log.add(trace);
      log.close();
    });
  }

  it('reads the traces of all workers of all runs', () => {
    const [a, b, c] = [opened('a/b', 0o555), beside('', besideName('run-1', 5, 'tmp')), opened('', 0o500)];
    note('run-1', 0, [a, b]);
    note('run-1', 'main', [c]);
    note('run-2', 0, [a]);
    expect(read()).to.have.deep.members([a, b, c, a]);
  });

  it('reads more than a call takes arguments, and of one folder the mode that was noted first', () => {
    const lines = (mode: number) => Array.from({length: 150_000}, (_, i) => JSON.stringify(opened(`d${i}`, mode))).join('\n');
    put(`${lines(0o555)}\n${lines(0o755)}\n`);
    expect(read()).to.have.length(300_000);
    const modes = within(target, (root) => foldersLeftOpen(platform(), root));
    expect(modes.size).to.equal(150_000);
    expect(modes.get('d149999' as RelPath)).to.equal(0o555);
  });

  it('reads no more than 64 MiB of them, from all runs together', () => {
    const line = `${JSON.stringify(opened('x'.repeat(1000), 0o555))}\n`;
    const runOf = (name: string) => {
      fs.mkdirSync(path.join(runs, name), {recursive: true});
      put(line.repeat(40_000), `${name}/traces-0`);
    };
    for (const name of ['run-1', 'run-2', 'run-3']) runOf(name);
    expect(read()).to.have.length(Math.floor(2 ** 26 / line.length));
  });

  it('reads names that are not UTF-8, and lines within names', () => {
    const traces = [opened('a\nb/\udcff', 0o555), beside('\u2028"\\', besideName('run-1', 0, 'old'))];
    note('run-1', 0, traces);
    expect(read()).to.deep.equal(traces);
  });

  it('makes no file for nothing, and each is private', () => {
    note('run-1', 0, []);
    expect(fs.readdirSync(path.join(runs, 'run-1'))).to.deep.equal([]);
    note('run-1', 0, [opened('a', 0o555)]);
    expect(fs.statSync(path.join(runs, 'run-1/traces-0')).mode & 0o777).to.equal(0o600);
  });

  it('is there as soon as it is noted', () => {
    within(path.join(runs, 'run-1'), (folder) => {
      const log = new TraceLog(platform(), folder, 3);
      log.add(opened('a', 0o555));
      expect(read()).to.deep.equal([opened('a', 0o555)]);
      log.close();
    });
  });

  it('leaves out a torn last line', () => {
    const line = JSON.stringify(opened('a', 0o555));
    for (const torn of ['{"opened":{"path":"b', '{', line.slice(0, -1)]) {
      put(`${line}\n${torn}`);
      expect(read(), torn).to.deep.equal([opened('a', 0o555)]);
    }
  });

  it('reads only traces, and never through a symlink', () => {
    const line = `${JSON.stringify(opened('a', 0o555))}\n`;
    fs.writeFileSync(path.join(target, 'elsewhere'), line);
    put(line, 'run-1/other');
    put(line, 'traces-0');
    fs.symlinkSync(path.join(target, 'elsewhere'), path.join(runs, 'run-1/traces-1'));
    fs.mkdirSync(path.join(runs, 'run-1/traces-2'));
    fs.symlinkSync(target, path.join(runs, 'run-2'));
    put(line, 'run-1/traces-3');
    expect(read()).to.deep.equal([opened('a', 0o555)]);
  });

  describe('ignores', () => {
    const name = besideName('run-1', 1, 'tmp');
    const lines: Record<string, unknown> = {
      null: null,
      'a text': 'opened',
      nothing: {},
      'a path out of the target': opened('../a', 0o555),
      'a path up within': opened('a/../../b', 0o555),
      'an absolute path': opened('/etc', 0o555),
      'a path with a NUL': opened('a\0b', 0o555),
      'a path that is none': {opened: {path: 5, mode: 0o555}},
      "dirsync's own folder": opened('.dirsync/tmp', 0o555),
      'no mode': {opened: {path: 'a'}},
      'a mode that is a text': {opened: {path: 'a', mode: '0755'}},
      'a mode with a fraction': {opened: {path: 'a', mode: 1.5}},
      'a mode below zero': opened('a', -1),
      'a mode of more than permissions': opened('a', 0o40755),
      "a name that is not dirsync's": beside('', 'passwd'),
      'a name like one': beside('', `${name}~`),
      'a name with a slash': beside('', `.dirsync-a/../${name}`),
      'a folder out of the target': beside('..', name),
      "a folder in dirsync's own": beside('.dirsync', name),
      'no folder': {beside: {name}},
      'no name': {beside: {folder: ''}},
    };
    for (const [title, value] of Object.entries(lines)) {
      it(title, () => {
        const sound = opened('sound', 0o500);
        put(`${JSON.stringify(value)}\n${JSON.stringify(sound)}\n`);
        expect(read()).to.deep.equal([sound]);
      });
    }

    it('one that comes along with a sound one', () => {
      const [sound, bad] = [opened('a', 0o500), beside('..', name)];
      put(`${JSON.stringify({...sound, ...bad})}\n${JSON.stringify({...opened('../a', 0o500), ...beside('b', name)})}\n`);
      expect(read()).to.deep.equal([sound, beside('b', name)]);
    });
  });

  it('removes only files that were left beside their places, wherever the traces point', () => {
    const name = besideName('run-1', 1, 'tmp');
    const outside = temp();
    for (const at of [path.join(outside, name), path.join(target, name), path.join(target, 'kept')]) fs.writeFileSync(at, '');
    fs.symlinkSync(outside, path.join(target, 'link'));
    const up = path.relative(target, outside);
    const lines = [beside('', name), beside('', 'kept'), beside('link', name), {...opened('a', 0o500), ...beside(up, name)}];
    put(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    within(target, (root) => sweepStaging(platform(), root));
    expect(fs.readdirSync(target).sort()).to.deep.equal(['.dirsync', 'kept', 'link']);
    expect(fs.readdirSync(outside)).to.deep.equal([name]);
    expect(fs.existsSync(runs)).to.equal(false);
  });

  it('a folder that was opened twice had the mode that was noted first', () => {
    note('run-1', 0, [opened('a', 0o500), opened('b', 0o111), opened('a', 0o700)]);
    const found = within(target, (root) => foldersLeftOpen(platform(), root));
    expect([...found].sort()).to.deep.equal([
      ['a', 0o500],
      ['b', 0o111],
    ]);
  });

  it('a run notes folders that a killed run left open before the old notes are removed', () => {
    note('run-1', 0, [opened('a', 0o555), beside('', besideName('run-1', 0, 'tmp'))]);
    within(target, (root) => {
      const modes = foldersLeftOpen(platform(), root);
      noteOpened({platform: platform(), root, runId: 'run-2', modes});
      sweepStaging(platform(), root, 'run-2');
      expect(fs.readdirSync(runs)).to.deep.equal(['run-2']);
      expect([...foldersLeftOpen(platform(), root)]).to.deep.equal([['a', 0o555]]);
      sweepStaging(platform(), root);
      expect(foldersLeftOpen(platform(), root).size).to.equal(0);
    });
  });

  describe('an entry under a temporary name', () => {
    const VIA = '.dirsync-run1-7.name';
    const renamed = (from: string, via = VIA): Trace => ({renamed: {from: from as RelPath, via}});
    const names = () => fs.readdirSync(target).filter((name) => name !== '.dirsync');

    it('is known by its old name, and gets it back before its note is removed', () => {
      note('run-1', 0, [renamed('folder/Name')]);
      fs.mkdirSync(path.join(target, 'folder', VIA), {recursive: true});
      fs.writeFileSync(path.join(target, 'folder', VIA, 'file'), 'data');
      expect([...within(target, (root) => leftRenamed(platform(), root))]).to.deep.equal([[VIA, 'Name']]);
      within(target, (root) => sweepStaging(platform(), root));
      expect(fs.readFileSync(path.join(target, 'folder/Name/file'), 'utf8')).to.equal('data');
      expect(fs.existsSync(runs)).to.equal(false);
    });

    it('stays if its old name is taken, or if it is gone', () => {
      note('run-1', 0, [renamed('a'), renamed('b', '.dirsync-run1-8.name'), renamed('gone/c', '.dirsync-run1-9.name')]);
      fs.writeFileSync(path.join(target, VIA), 'data');
      fs.writeFileSync(path.join(target, 'a'), 'another');
      within(target, (root) => sweepStaging(platform(), root));
      expect(names()).to.have.members([VIA, 'a']);
      expect(fs.readFileSync(path.join(target, VIA), 'utf8')).to.equal('data');
    });

    it('is not accepted for other names', () => {
      const notes = [
        renamed('a', 'user-file'),
        renamed('a', '.dirsync-x.tmp'),
        renamed('../a'),
        renamed('/a'),
        renamed('.dirsync/a'),
        renamed(''),
        renamed('a', `../${VIA}`),
        {renamed: {via: VIA}} as unknown as Trace,
      ];
      note('run-1', 0, notes);
      expect(read()).to.deep.equal([]);
    });
  });
});
