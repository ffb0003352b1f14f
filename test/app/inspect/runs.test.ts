import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {lastRunOf, readRun, readRunFile, readRuns} from '../../../src/app/inspect/runs.js';
import {toByteName} from '../../../src/core/name.js';
import type {RelPath} from '../../../src/core/path.js';
import type {RunStep} from '../../../src/core/run.js';
import {platform} from '../../../src/platform/choose.js';
import {Journal} from '../../../src/state/runs.js';
import {applyReport} from '../../support/job-run.js';
import {refusalCode} from '../../support/refusal.js';
import {HEADER, step} from '../../support/run.js';
import {tempDirs} from '../../support/temp.js';

const idOf = (day: number) => `2026010${day}T100000000Z-00000${day}`;

describe('app/inspect/runs', () => {
  const temp = tempDirs();

  /** The journal of a run on that day; killed: it has no end. */
  function record(target: string, day: number, steps: readonly RunStep[], {isKilled = false} = {}): string {
    const root = platform().openRoot(toByteName(target));
    try {
      const journal = new Journal(platform(), {...HEADER, id: idOf(day), target});
      journal.open(root);
      for (const each of steps) journal.step(each);
      journal.flush();
      if (!isKilled) journal.end(applyReport({done: steps.length}, {runId: idOf(day)}));
      journal.close();
    } finally {
      platform().close(root);
    }
    return idOf(day);
  }
  const fileOf = (target: string, id: string) => {
    const folder = path.join(target, '.dirsync/runs');
    const [name = ''] = fs.readdirSync(folder).filter((each) => each.startsWith(id));
    return path.join(folder, name);
  };

  it('lists them, the newest first, and no more than are asked for', () => {
    const target = temp();
    for (const day of [2, 1, 3]) record(target, day, [step('create', 'a')]);
    expect(readRuns(target).map(({header}) => header.id)).to.deep.equal([3, 2, 1].map(idOf));
    expect(readRuns(target, 2).map(({header}) => header.id)).to.deep.equal([3, 2].map(idOf));
    expect(readRuns(temp())).to.deep.equal([]);
  });

  it('counts what each has done, and tells one that was killed by what it lacks', () => {
    const target = temp();
    record(target, 1, [step('create', 'a', {bytes: 7}), step('delete', 'b', {status: 'failed'})]);
    record(target, 2, [step('mkdir', 'd')], {isKilled: true});
    const [killed, whole] = readRuns(target);
    expect(whole?.kinds.create).to.deep.equal({count: 1, bytes: 7});
    expect(whole?.kinds.delete.count).to.equal(0);
    expect([whole?.end?.counts.done, killed?.end, killed?.fault]).to.deep.equal([2, undefined, undefined]);
    expect(killed?.kinds.mkdir.count).to.equal(1);
  });

  it('one whose journal cannot be read is told with its fault, and with all before that', () => {
    const target = temp();
    const id = record(target, 1, [step('create', 'a'), step('create', 'b')]);
    const file = fileOf(target, id);
    const lines = fs.readFileSync(file, 'utf8').split('\n');
    fs.writeFileSync(file, [...lines.slice(0, 2), 'torn in the middle', ...lines.slice(2)].join('\n'));
    record(target, 2, []);
    const [, damaged] = readRuns(target);
    expect(damaged).to.deep.include({header: {...HEADER, id, target}});
    expect(damaged?.fault).to.be.a('string');
    expect(damaged?.kinds.create.count).to.equal(1);
    fs.writeFileSync(file, 'nothing of a journal');
    expect(readRuns(target)[1]?.header, 'of its name alone').to.include({id, changes: 0, started: '2026-01-01T10:00:00.000Z'});
  });

  it('reads one by its id, as the latest, or from a file', () => {
    const target = temp();
    const steps = [step('create', 'a'), step('delete', 'b', {status: 'skipped'})];
    const first = record(target, 1, steps);
    record(target, 2, []);
    expect(readRun(target, first).steps).to.deep.equal(steps);
    expect(readRun(target, 'latest').header.id).to.equal(idOf(2));
    expect(readRunFile(fileOf(target, first))).to.deep.equal(readRun(target, first));
  });

  it('refuses one that is not there, and a target that is not', async () => {
    const target = temp();
    expect(await refusalCode(() => readRun(target, 'latest'))).to.equal('RUN_UNKNOWN');
    expect(await refusalCode(() => readRun(target, idOf(1)))).to.equal('RUN_UNKNOWN');
    expect(await refusalCode(() => readRun(target, '../../x'))).to.equal('RUN_UNKNOWN');
    const none = path.join(target, 'none');
    expect(await refusalCode(() => readRuns(none))).to.equal('TARGET_MISSING');
    expect(await refusalCode(() => readRun(none, 'latest'))).to.equal('TARGET_MISSING');
    fs.writeFileSync(none, '');
    expect(await refusalCode(() => readRuns(none))).to.equal('TARGET_NOT_DIRECTORY');
  });

  describe('the last that did something at a path', () => {
    const last = (target: string, at: string) => {
      const found = lastRunOf(target, at as RelPath);
      return found && `${found.header.id} ${found.step.kind}`;
    };

    it('is the newest that did it, not one that only meant to', () => {
      const target = temp();
      record(target, 1, [step('create', 'a')]);
      record(target, 2, [step('update', 'a', {status: 'failed'}), step('create', 'a/b')]);
      expect(last(target, 'a')).to.equal(`${idOf(1)} create`);
      record(target, 3, [step('delete', 'a')], {isKilled: true});
      expect(last(target, 'a')).to.equal(`${idOf(3)} delete`);
      expect(last(target, 'none')).to.equal(undefined);
    });

    it('is also found before the fault of a journal, and behind one that has nothing else', () => {
      const target = temp();
      record(target, 1, [step('create', 'old')]);
      const id = record(target, 2, [step('create', 'a'), step('create', 'b')]);
      const file = fileOf(target, id);
      const lines = fs.readFileSync(file, 'utf8').split('\n');
      fs.writeFileSync(file, [...lines.slice(0, 2), 'torn', ...lines.slice(2)].join('\n'));
      expect([last(target, 'a'), last(target, 'old'), last(target, 'b')]).to.deep.equal([
        `${id} create`,
        `${idOf(1)} create`,
        undefined,
      ]);
    });

    it('is none of a target that is not there', () => expect(last(path.join(temp(), 'none'), 'a')).to.equal(undefined));
  });
});
