import fs from 'node:fs';
import path from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {expect} from 'chai';
import {dirsync, startDirsync} from '../support/cli.js';
import {needRsync, rsyncDifference} from '../support/oracle.js';
import {tempDirs} from '../support/temp.js';
import {writeTree} from '../support/tree.js';

/** How long a tree keeps changing while runs follow each other: `SECONDS=240` for a long look. */
const SECONDS = Number(process.env.SECONDS ?? 8);

interface Line {
  readonly time: string;
  readonly run?: string;
  readonly event: string;
  readonly kind?: string;
  readonly status?: string;
  readonly path?: string;
  readonly result?: string;
}

interface HistoryRun {
  readonly header: {readonly id: string; readonly started: string};
  readonly end?: {readonly finished: string; readonly counts: {readonly done: number}};
}

describe('story: a tree that keeps changing', () => {
  const temp = tempDirs();

  it(`${SECONDS} s of runs each second, one killed: log, metrics and history agree with each other and with the oracle`, async function () {
    const timeout = (SECONDS + 60) * 1000;
    this.timeout(timeout);
    needRsync(this);
    const root = temp();
    const [source, target, log, metrics] = ['source', 'target', 'log', 'm.prom'].map((name) => path.join(root, name)) as [
      string,
      string,
      string,
      string,
    ];
    writeTree(root, {source: {d: {}}, target: {}});
    const flags = [
      '--every',
      '1s',
      '--fsync',
      'none',
      '-l',
      log,
      '--log-format',
      'json',
      '--log-level',
      'debug',
      '--metrics',
      metrics,
    ];
    // One log of all runs: it is not begun anew.
    fs.writeFileSync(path.join(root, 'dirsync.config.yaml'), 'defaults: {logSize: 1000000000, backoff: "0"}\n');
    const start = () =>
      startDirsync(['run', '-i', source, '-o', target, '--config', 'dirsync.config.yaml', ...flags], {cwd: root, timeout});
    const lines = () =>
      (fs.existsSync(log) ? fs.readFileSync(log, 'utf8') : '')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Line);

    let change = 0;
    const changing = setInterval(() => {
      const name = path.join(source, change % 3 === 0 ? 'd' : '', `f${change % 40}`);
      if (change % 7 === 6) fs.rmSync(name, {force: true});
      else fs.writeFileSync(name, `${change}`);
      change++;
    }, 20);
    try {
      const first = start();
      await delay((SECONDS * 1000) / 2);
      // In the middle of the work of a run, where there is some.
      const before = lines().filter(({event}) => event === 'apply-started').length;
      await first.until(() => lines().filter(({event}) => event === 'apply-started').length > before);
      await first.kill('SIGKILL');

      const second = start();
      await delay((SECONDS * 1000) / 2);
      clearInterval(changing);
      const ended = lines().filter(({event}) => event === 'run-ended').length;
      await second.until(() => lines().filter(({event}) => event === 'run-ended').length >= ended + 2);
      expect(await second.kill('SIGTERM')).to.include({code: 143});
    } finally {
      clearInterval(changing);
    }
    expect(rsyncDifference(source, target)).to.deep.equal([]);

    const told = lines();
    const ids = [...new Set(told.flatMap(({run}) => run ?? []))];
    const ofRun = (id: string) => told.filter(({run}) => run === id);
    // No two at a time: all lines of a run come before those of the next.
    expect(told.flatMap(({run}) => run ?? []).filter((run, i, all) => run !== all[i - 1])).to.deep.equal(ids);
    const unfinished = ids.filter((id) => !ofRun(id).some(({event}) => event === 'run-ended'));
    expect(unfinished.length).to.be.within(0, 1);

    const history = JSON.parse(dirsync(['history', target, '--json', '--limit', '10000']).stdout) as {runs: HistoryRun[]};
    const journals = new Map(history.runs.map((run) => [run.header.id, run]));
    // The last 100 runs that did something have a journal.
    const kept = ids.filter((id) => ofRun(id).some(({event}) => event === 'action')).slice(-100);
    expect(kept.filter((id) => !journals.has(id))).to.deep.equal([]);
    for (const id of kept) {
      const done = ofRun(id).filter(({event, status}) => event === 'action' && status === 'done').length;
      const journal = journals.get(id);
      if (unfinished.includes(id)) expect(journal?.end).to.equal(undefined);
      else expect(journal?.end?.counts.done, id).to.equal(done);
    }
    for (const id of journals.keys()) expect(ids).to.include(id);

    const samples = fs.readFileSync(metrics, 'utf8');
    const value = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(samples)?.[1]);
    const last = ofRun(ids.findLast((id) => ofRun(id).some(({event}) => event === 'run-ended')) as string);
    const end = last.find(({event}) => event === 'run-ended');
    const [finished] = [Date.parse(end?.time as string) / 1000];
    expect(value(`dirsync_last_run_timestamp_seconds{job="${target}"}`)).to.be.closeTo(finished, 1);
    expect(value(`dirsync_last_success_timestamp_seconds{job="${target}"}`)).to.be.closeTo(finished, 1);
    expect(value(`dirsync_pending_actions{job="${target}"}`)).to.equal(0);
  });
});
