import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import type {DirsyncError} from '../../src/core/errors.js';
import {toByteName} from '../../src/core/name.js';
import {platform} from '../../src/platform/choose.js';
import {type Platform, SystemError} from '../../src/platform/platform.js';
import {Journal, listRuns, MAX_RUN_BYTES, MAX_RUNS, readJournal, startOf} from '../../src/state/runs.js';
import {HEADER, runEnd, step} from '../support/run.js';
import {tempDirs} from '../support/temp.js';

/** The id of the run of this number: a higher one is newer. */
const idOf = (number: number) => `20260101T100000${String(number).padStart(3, '0')}Z-00ff00`;

describe('state/runs', () => {
  const temp = tempDirs();
  let target: string;
  let runs: string;

  beforeEach(() => {
    target = temp();
    runs = path.join(target, '.dirsync/runs');
  });

  /** Writes a whole journal; answers its fault. */
  function record(id: string, backend: Platform = platform()): string | undefined {
    const root = backend.openRoot(toByteName(target));
    const journal = new Journal(backend, {...HEADER, id});
    journal.step(step('create', 'before'));
    journal.open(root);
    journal.step(step('create', 'a'));
    journal.flush();
    const fault = journal.end(runEnd({done: 2}));
    backend.close(root);
    return fault;
  }
  const inTarget = <T>(act: (backend: Platform, root: ReturnType<Platform['openRoot']>) => T): T => {
    const backend = platform();
    const root = backend.openRoot(toByteName(target));
    try {
      return act(backend, root);
    } finally {
      backend.close(root);
    }
  };
  const list = () => inTarget(listRuns);
  const typesOf = (id: string) => inTarget((backend, root) => [...readJournal(backend, root, id)].map(({type}) => type));
  /** Journals that are as old as their numbers are low. */
  const older = (numbers: number[], bytes = 0) => {
    fs.mkdirSync(runs, {recursive: true});
    for (const number of numbers) {
      fs.writeFileSync(path.join(runs, `${idOf(number)}.ndjson`), '');
      fs.truncateSync(path.join(runs, `${idOf(number)}.ndjson`), bytes);
    }
  };

  it('writes a private journal that can be read back, including lines from before it was opened', () => {
    expect(record(idOf(1))).to.equal(undefined);
    expect(typesOf(idOf(1))).to.deep.equal(['header', 'step', 'step', 'end']);
    const modes = [runs, path.join(runs, `${idOf(1)}.ndjson`)].map((at) => fs.statSync(at).mode & 0o777);
    expect(modes).to.deep.equal([0o700, 0o600]);
  });

  it('writes nothing before it is opened', () => {
    const journal = new Journal(platform(), {...HEADER, id: idOf(1)});
    journal.step(step('create', 'a'));
    journal.flush();
    journal.close();
    expect(fs.readdirSync(target)).to.deep.equal([]);
  });

  it('is on the disk after each flush', () => {
    inTarget((backend, root) => {
      const journal = new Journal(backend, {...HEADER, id: idOf(1)});
      journal.open(root);
      journal.step(step('create', 'a'));
      expect(typesOf(idOf(1))).to.deep.equal(['header']);
      journal.flush();
      expect(typesOf(idOf(1))).to.deep.equal(['header', 'step']);
      journal.close();
    });
  });

  it('lists only journals, newest first, and nothing if there are none', () => {
    expect(list()).to.deep.equal([]);
    fs.mkdirSync(path.join(target, '.dirsync'));
    expect(list()).to.deep.equal([]);
    older([2, 10, 1]);
    for (const name of ['notes.txt', 'x.ndjson', `${idOf(3)}.ndjson~`]) fs.writeFileSync(path.join(runs, name), '');
    fs.mkdirSync(path.join(runs, `${idOf(4)}.ndjson`));
    fs.symlinkSync(`${idOf(1)}.ndjson`, path.join(runs, `${idOf(5)}.ndjson`));
    expect(list()).to.deep.equal([10, 2, 1].map(idOf));
  });

  it('an id contains the start time of its run', () => {
    expect(startOf('20261123T075028899Z-cb26b1')).to.equal('2026-11-23T07:50:28.899Z');
  });

  it(`keeps ${MAX_RUNS} journals, and leaves other files alone`, () => {
    older(Array.from({length: MAX_RUNS + 20}, (_, i) => i));
    fs.writeFileSync(path.join(runs, 'notes.txt'), '');
    record(idOf(500));
    expect(list()).to.deep.equal([500, ...Array.from({length: MAX_RUNS - 1}, (_, i) => MAX_RUNS + 19 - i)].map(idOf));
    expect(fs.readdirSync(runs)).to.include('notes.txt');
  });

  it('keeps 64 MiB of them, its own among them', () => {
    older([1, 2, 3, 4], MAX_RUN_BYTES / 4);
    record(idOf(500));
    expect(list()).to.deep.equal([500, 4, 3, 2].map(idOf));
  });

  it('removes all from the first on that is too large', () => {
    older([1], 10);
    older([2], MAX_RUN_BYTES);
    older([3], 10);
    record(idOf(500));
    expect(list()).to.deep.equal([500, 3].map(idOf));
  });

  it('keeps its own however old the clock says that it is', () => {
    older(Array.from({length: MAX_RUNS + 1}, (_, i) => i + 1));
    record(idOf(0));
    expect(list()).to.have.length(MAX_RUNS).and.include(idOf(0));
  });

  for (const {title, make, codes} of [
    {title: 'a file', make: (at: string) => fs.writeFileSync(at, ''), codes: ['ENOTDIR']},
    {title: 'a symlink', make: (at: string) => fs.symlinkSync(path.join(target, 'elsewhere'), at), codes: ['ENOTDIR', 'ELOOP']},
  ]) {
    for (const place of ['.dirsync', '.dirsync/runs']) {
      it(`${title} in place of ${place} is reported, and nothing is written through it`, () => {
        fs.mkdirSync(path.join(target, 'elsewhere'));
        if (place !== '.dirsync') fs.mkdirSync(path.join(target, '.dirsync'));
        make(path.join(target, place));
        expect(record(idOf(1))).to.be.oneOf(codes);
        expect(fs.readdirSync(path.join(target, 'elsewhere'))).to.deep.equal([]);
        expect(list).to.throw().with.property('code', 'JOURNAL_UNREADABLE');
      });
    }
  }

  /** A disk that takes half of the second write, and refuses so many in all. */
  function fullDisk(refusals: number): Platform {
    const real = platform();
    let writes = 0;
    return new Proxy(real, {
      get(_, method: keyof Platform) {
        if (method !== 'append') return (real[method] as () => void).bind(real);
        return (...[file, bytes]: Parameters<Platform['append']>) => {
          writes++;
          if (writes === 2) real.append(file, bytes.subarray(0, bytes.length / 2));
          if (writes > 1 && writes < 2 + refusals) throw new SystemError('ENOSPC', 'write');
          real.append(file, bytes);
        };
      },
    });
  }

  it('reports a disk that stays full, and keeps what was written before', () => {
    older(Array.from({length: MAX_RUNS}, (_, i) => i + 1));
    expect(record(idOf(500), fullDisk(2))).to.equal('ENOSPC');
    expect(typesOf(idOf(500))).to.deep.equal(['header', 'step']);
    expect(list(), 'nothing is removed for it').to.have.length(MAX_RUNS + 1);
  });

  it('a disk that has room again at the end gets the rest', () => {
    expect(record(idOf(500), fullDisk(1))).to.equal(undefined);
    expect(typesOf(idOf(500))).to.deep.equal(['header', 'step', 'step', 'end']);
  });

  it('says which run there is none of', () => {
    const refused = (id: string) => {
      try {
        typesOf(id);
      } catch (error) {
        return (error as DirsyncError).message;
      }
      return undefined;
    };
    older([1]);
    expect(refused(idOf(2))).to.equal(`There is no such run: ${idOf(2)}`);
    expect(refused('../../x\x1b')).to.equal('There is no such run: ../../x\\x1b');
    expect(refused(idOf(1))).to.equal(`The journal of the run is damaged: ${idOf(1)}.ndjson, line 1: it has no header`);
  });
});
