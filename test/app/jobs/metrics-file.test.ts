import {spawn} from 'node:child_process';
import {once} from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {expect} from 'chai';
import {writeMetrics} from '../../../src/app/jobs/metrics-file.js';
import {lastSuccessIn} from '../../../src/report/metrics.js';
import {mounts, needMounts} from '../../support/filesystems.js';
import {bareRun} from '../../support/job-run.js';
import {call} from '../../support/shell.js';
import {tempDirs} from '../../support/temp.js';

const failed = bareRun({result: 'failed', exitCode: 1, finished: '2026-11-24T16:00:00.000Z'});
const SUCCESS = Date.parse(bareRun().finished) / 1000;

describe('app/jobs/metrics-file', () => {
  const mount = mounts();
  const temp = tempDirs();

  const read = (file: string) => fs.readFileSync(file, 'utf8');

  it('writes a file that all may read, whatever the umask', async () => {
    const file = path.join(temp(), 'x.prom');
    const umask = process.umask(0o077);
    try {
      expect(await writeMetrics(file, bareRun())).to.equal(undefined);
    } finally {
      process.umask(umask);
    }
    expect(fs.statSync(file).mode & 0o7777).to.equal(0o644);
    expect(read(file))
      .to.contain('dirsync_last_run_exit_code{job="photos"} 0\n')
      .and.match(/# EOF\n$/);
    expect(fs.readdirSync(path.dirname(file))).to.deep.equal(['x.prom']);
  });

  it('keeps the last success over failures, for the same job', async () => {
    const file = path.join(temp(), 'x.prom');
    for (const run of [bareRun(), failed, failed]) await writeMetrics(file, run);
    expect(lastSuccessIn(read(file), 'photos')).to.equal(SUCCESS);
    await writeMetrics(file, {...failed, job: 'music'});
    expect(lastSuccessIn(read(file), 'music')).to.equal(undefined);
  });

  for (const [title, damage] of [
    ['is cut off', (file: string) => fs.truncateSync(file, 30)],
    ['is of another program', (file: string) => fs.writeFileSync(file, Buffer.from([0, 255, 254, 10, 34]))],
    ['is huge', (file: string) => fs.truncateSync(file, 5e9)],
  ] as const) {
    it(`does not mind when the file before ${title}`, async () => {
      const file = path.join(temp(), 'x.prom');
      await writeMetrics(file, bareRun());
      damage(file);
      expect(await writeMetrics(file, failed)).to.equal(undefined);
      expect(read(file)).to.contain('dirsync_last_run_exit_code{job="photos"} 1\n');
    });
  }

  it('gives each job a file of its own in a folder', async () => {
    const folder = temp();
    const jobs = ['a/b', 'a_b', 'a%2Fb', 'a\\b', 'é', 'x\udcff', '\n', '..', `long${'x'.repeat(300)}`, `long${'x'.repeat(301)}`];
    for (const job of jobs) expect(await writeMetrics(folder, bareRun({job}))).to.equal(undefined);
    expect(await writeMetrics(folder, bareRun({job: undefined, target: '/mnt/disk'}))).to.equal(undefined);
    const names = fs.readdirSync(folder);
    expect(names).to.have.length(jobs.length + 1);
    expect(names).to.include.members(['dirsync-a_b.prom', 'dirsync-a%2Fb.prom', 'dirsync-%2Fmnt%2Fdisk.prom']);
    for (const name of names) expect(name).to.match(/^dirsync-[\w%.-]{1,180}\.prom$/);
  });

  it('makes a folder whose name ends with a slash', async () => {
    const folder = path.join(temp(), 'made');
    expect(await writeMetrics(`${folder}/`, bareRun())).to.equal(undefined);
    expect(await writeMetrics(`${folder}/`, bareRun())).to.equal(undefined);
    expect(fs.readdirSync(folder)).to.deep.equal(['dirsync-photos.prom']);
  });

  it('follows a symlink', async () => {
    const root = temp();
    fs.writeFileSync(path.join(root, 'far'), '');
    fs.symlinkSync('far', path.join(root, 'x.prom'));
    await writeMetrics(path.join(root, 'x.prom'), bareRun());
    expect(read(path.join(root, 'far'))).to.contain('# EOF');
    expect(fs.lstatSync(path.join(root, 'x.prom')).isSymbolicLink()).to.equal(true);
  });

  for (const [title, why, prepare] of [
    ['in a missing folder', 'ENOENT', () => {}],
    ['below a file', 'ENOTDIR', (file: string) => fs.writeFileSync(path.dirname(file), '')],
    [
      'that is a named pipe',
      'it is not a regular file',
      (file: string) => {
        fs.mkdirSync(path.dirname(file));
        call('mkfifo', [file]);
      },
    ],
  ] as const) {
    it(`tells why it cannot write a file ${title}`, async () => {
      const file = path.join(temp(), 'a\n', 'x.prom');
      prepare(file);
      const told = await writeMetrics(file, bareRun());
      expect(told).to.equal(`the metrics file ${file.replace('\n', '\\n')} cannot be written (${why})`);
    });
  }

  it('leaves devices alone', async () => {
    expect(await writeMetrics('/dev/null', bareRun())).to.contain('it is not a regular file');
    expect(fs.statSync('/dev/null').isCharacterDevice()).to.equal(true);
  });

  it('on a full disk leaves the old file, and nothing else', async function () {
    needMounts(this);
    const disk = path.join(temp(), 'disk');
    mount.memory(disk, 'size=16k');
    const file = path.join(disk, 'x.prom');
    fs.writeFileSync(file, 'old');
    fs.writeFileSync(path.join(disk, 'ballast'), Buffer.alloc(12_288));
    expect(await writeMetrics(file, bareRun())).to.match(/cannot be written \(ENOSPC\)$/);
    expect(fs.readdirSync(disk).sort()).to.deep.equal(['ballast', 'x.prom']);
    expect(read(file)).to.equal('old');
    mount.undo();
  });

  it('removes what killed runs left, and nothing else', async () => {
    const folder = temp();
    const file = path.join(folder, 'x.prom');
    const old = new Date(Date.now() - 3_600_000);
    const touch = (name: string, time: Date) => {
      fs.writeFileSync(path.join(folder, name), '');
      fs.utimesSync(path.join(folder, name), time, time);
    };
    const kept = ['x.prom.mine.tmp', 'y.prom.0123456789ab.tmp', 'x.prom.0123456789ab.tmp2'];
    for (const name of [...kept, 'x.prom.0123456789ab.tmp']) touch(name, old);
    touch('x.prom.ba9876543210.tmp', new Date());
    await writeMetrics(file, bareRun());
    expect(fs.readdirSync(folder).sort()).to.deep.equal([...kept, 'x.prom', 'x.prom.ba9876543210.tmp'].sort());
  });

  it('is never seen in part, by whoever reads it while two write it', async () => {
    const file = path.join(temp(), 'x.prom');
    await writeMetrics(file, bareRun());
    const writer = (job: string) => {
      const url = new URL('../../../src/app/jobs/metrics-file.js', import.meta.url);
      const run = JSON.stringify(bareRun({job}));
      const code = `import {writeMetrics} from '${url}'; for (;;) await writeMetrics(process.argv[1], ${run});`;
      return spawn(process.execPath, ['--input-type=module', '-e', code, file], {stdio: 'inherit'});
    };
    const writers = [writer('a'), writer('b')];
    const seen = new Set<string>();
    const end = Date.now() + 1500;
    while (Date.now() < end || seen.size < 3) {
      const text = read(file);
      expect(text).to.match(/^# HELP[\s\S]*\n# EOF\n$/);
      seen.add(text);
      await delay(0);
    }
    const ended = writers.map((child) => once(child, 'exit'));
    for (const child of writers) child.kill('SIGKILL');
    await Promise.all(ended);
    expect(seen.size).to.equal(3);
  });
});
