import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {expect} from 'chai';
import {type Running, startDirsync} from '../support/cli.js';
import {needRsync, rsyncDifference} from '../support/oracle.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';
import {nameBytes, readTree, writeTree} from '../support/tree.js';

describe('story: watch', () => {
  const temp = tempDirs();
  before(function () {
    needRsync(this);
  });

  interface Watched {
    readonly running: Running;
    readonly source: string;
    readonly target: string;
    runs(): number;
    /** The target has become what the source is. */
    equal(): Promise<void>;
  }

  async function watch(flags: readonly string[] = [], under?: readonly string[]): Promise<Watched> {
    const root = temp();
    const [source, target, log] = ['source', 'target', 'log'].map((name) => path.join(root, name)) as [string, string, string];
    writeTree(root, {source: {f: 'first', d: {g: 'g'}, cache: {x: ''}}, target: {}});
    const args = ['run', source, target, '--watch', '--debounce', '50ms', '--fsync', 'none', '-l', log, '--log-level', 'debug'];
    args.push(...flags.map((flag) => flag.replace('SOURCE', source)));
    const running = startDirsync(args, {under});
    const logged = () => (fs.existsSync(log) ? fs.readFileSync(log, 'utf8') : '');
    const runs = () => logged().split('run started').length - 1;
    await running.until(() => logged().includes('waiting'));
    const equal = () => running.until(() => JSON.stringify(readTree(source)) === JSON.stringify(readTree(target)));
    return {running, source, target, runs, equal};
  }

  async function end({running, source, target}: Watched): Promise<void> {
    expect(await running.kill('SIGTERM')).to.include({code: 143});
    expect(rsyncDifference(source, target)).to.deep.equal([]);
  }

  it('a change arrives, whatever it is', async () => {
    const watched = await watch();
    const {source, equal} = watched;
    const changes: [what: string, change: () => void][] = [
      ['new content', () => fs.writeFileSync(path.join(source, 'f'), 'second')],
      ['a new file', () => fs.writeFileSync(path.join(source, 'd/new'), 'new')],
      ['a delete', () => fs.rmSync(path.join(source, 'd/g'))],
      ['a mode', () => fs.chmodSync(path.join(source, 'f'), 0o600)],
      ['a time', () => fs.utimesSync(path.join(source, 'f'), 1e9, 1e9)],
      ['another name', () => fs.renameSync(path.join(source, 'd/new'), path.join(source, 'moved'))],
      ['a symlink', () => fs.symlinkSync('f', path.join(source, 'link'))],
      ['folders in folders', () => fs.mkdirSync(path.join(source, 'deep/deeper/deepest'), {recursive: true})],
      ['a file in the deepest of them', () => fs.writeFileSync(path.join(source, 'deep/deeper/deepest/file'), 'x')],
      ['a folder that goes', () => fs.rmSync(path.join(source, 'deep'), {recursive: true})],
    ];
    for (const [, change] of changes) {
      change();
      await equal();
    }
    await end(watched);
  });

  it('a name that is not UTF-8, which filters know and the watcher does not', async () => {
    const watched = await watch(['--exclude', '/*', '--include', 'caf\udce9']);
    const {running, source, target} = watched;
    fs.writeFileSync(nameBytes(path.join(source, 'caf\udce9')), 'new');
    await running.until(() => Object.keys(readTree(target)).length === 2);
    expect(await running.kill('SIGTERM')).to.include({code: 143});
  });

  it('a tree that is moved in is listened to as well', async () => {
    const watched = await watch();
    const {source, equal} = watched;
    const outside = path.join(source, '../outside');
    writeTree(outside, {in: {it: {file: 'before'}}});
    fs.renameSync(outside, path.join(source, 'moved'));
    await equal();
    fs.writeFileSync(path.join(source, 'moved/in/it/file'), 'after');
    await equal();
    await end(watched);
  });

  it('a source that is replaced as a whole', async () => {
    const watched = await watch(['--every', '1h', '--allow', 'source-fs-changed']);
    const {source, equal} = watched;
    fs.renameSync(source, `${source}-old`);
    writeTree(source, {f: 'another', d: {g: 'g'}});
    await equal();
    fs.writeFileSync(path.join(source, 'f'), 'and changed');
    await equal();
    await end(watched);
  });

  it('what filters leave out, and what the runs write themselves, starts no run', async () => {
    const watched = await watch(['--exclude', 'cache', '--metrics', 'SOURCE/metrics\udce9/']);
    const {source, target, runs, running} = watched;
    // The run after one that found new folders.
    await running.until(() => runs() === 2);
    await delay(300);
    const before = runs();
    for (let i = 0; i < 5; i++) {
      fs.writeFileSync(path.join(source, 'cache/x'), `${i}`);
      await delay(120);
    }
    expect(runs()).to.equal(before);
    fs.writeFileSync(path.join(source, 'f'), 'second');
    await running.until(() => fs.readFileSync(path.join(target, 'f'), 'utf8') === 'second');
    expect(fs.existsSync(path.join(target, 'cache'))).to.equal(false);
    expect(await running.kill('SIGTERM')).to.include({code: 143});
  });

  for (const [limit, why] of [
    ['max_inotify_watches', '.*No space left on device.*'],
    ['max_inotify_instances', 'all inotify instances are in use: raise fs\\.inotify\\.max_user_instances'],
  ]) {
    it(`where the kernel refuses to listen (${limit}), it says so and looks at the source each minute`, async function () {
      const under = ['unshare', '--user', '--map-root-user', 'sh', '-c', `echo 0 > /proc/sys/user/${limit} && exec "$@"`, 'sh'];
      if (spawnSync('unshare', [...under.slice(1), 'true']).status !== 0) return skip(this, 'no user namespace can be made');
      const {running} = await watch([], under);
      await running.until(() => running.stderr.includes('changes cannot be detected'));
      const told = `^Warning: watch: changes cannot be detected \\(${why}\\); the source is checked every 1 min 0 s instead\n`;
      expect(running.stderr).to.match(new RegExp(told));
      const next = /Next run at (.+)\./.exec(running.stdout)?.[1] ?? '';
      expect(Date.parse(next) - Date.now()).to.be.within(0, 61_000);
      expect(await running.kill('SIGTERM')).to.include({code: 143});
    });
  }

  it('a change that a run could not bring over is brought over later', async () => {
    const watched = await watch();
    const {source, target, equal, running} = watched;
    fs.renameSync(target, `${target}-away`);
    fs.writeFileSync(target, 'in the way');
    fs.writeFileSync(path.join(source, 'f'), 'second');
    await running.until(() => running.stderr.includes('The target is not a folder'));
    fs.rmSync(target);
    fs.renameSync(`${target}-away`, target);
    await equal();
    await end(watched);
  });

  it('a storm of changes ends equal', async () => {
    const watched = await watch();
    const {source, equal} = watched;
    for (let folder = 0; folder < 30; folder++) {
      fs.mkdirSync(path.join(source, `storm/${folder}/in`), {recursive: true});
      for (let i = 0; i < 100; i++) fs.writeFileSync(path.join(source, `storm/${folder}/in/${i}`), `${i}`);
      if (folder % 3 === 2) fs.rmSync(path.join(source, `storm/${folder - 1}`), {recursive: true});
    }
    await equal();
    await end(watched);
  });
});
