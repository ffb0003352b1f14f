import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import {expect} from 'chai';
import {dirsync, pairIn, startDirsync} from '../support/cli.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';
import {readTree} from '../support/tree.js';

/** As `ionice` (util-linux) tells them, with the nice value, each once. */
function standings(pid: number): string[] {
  const found = fs.readdirSync(`/proc/${pid}/task`).map((thread) => {
    const io = execFileSync('ionice', ['-p', thread], {encoding: 'utf8'}).trim();
    return `${os.getPriority(Number(thread))} ${io}`;
  });
  return [...new Set(found)];
}

describe('story: --io-priority', () => {
  const temp = tempDirs();
  const isLinux = process.platform === 'linux';

  for (const [priority, standing] of [
    ['idle', '19 idle'],
    ['low', '10 best-effort: prio 7'],
  ] as const) {
    for (const how of ['a flag', 'a job']) {
      it(`${priority}, by ${how}: all threads stand behind others`, async function () {
        if (!isLinux || os.getPriority() > 0) skip(this, 'threads of a process that is not nice itself are looked at in /proc');
        const {root, source, target} = pairIn(temp(), {a: 'x'.repeat(1_000_000)}, {});
        const job = {source, target, rate: '1kB/s', ioPriority: priority};
        fs.writeFileSync(`${root}/dirsync.config.json`, JSON.stringify({jobs: {slow: job}}));
        const args = how === 'a job' ? ['slow'] : [source, target, '--rate', '1kB/s', '--io-priority', priority];
        const running = startDirsync(['run', ...args], {cwd: root});
        const {pid} = running.child;
        await running.until(() => {
          try {
            return standings(pid as number).join() === standing;
          } catch {
            // A thread has ended meanwhile.
            return false;
          }
        });
        expect(await running.kill('SIGINT')).to.deep.include({code: 130, signal: null, stderr: ''});
      });
    }
  }

  it('where the system has none, that is told once', () => {
    const {source, target} = pairIn(temp(), {a: 'a'}, {});
    const env = {DIRSYNC_PLATFORM: 'portable'};
    const {code, stderr} = dirsync(['run', source, target, '--io-priority', 'idle'], {env});
    expect({code, stderr}).to.deep.equal({
      code: 0,
      stderr: 'Warning: priority: this system has no I/O priorities, so only the nice value was changed\n',
    });
    expect(readTree(target)).to.include.keys('a');
  });
});
