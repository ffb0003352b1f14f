import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {dirsync, startDirsync} from '../support/cli.js';
import {listeners} from '../support/listen.js';
import {needStrace} from '../support/strace.js';
import {tempDirs} from '../support/temp.js';
import {readTree, writeTree} from '../support/tree.js';

/** Commands that write down that they ran. */
const HOOKS = `{before: echo before >> told, after: echo after >> told, onStart: echo start >> told,
      onChange: echo change >> told, onSuccess: echo success >> told, onGuard: 'echo guard $DIRSYNC_GUARD >> told',
      onFailure: 'echo failure $DIRSYNC_ERROR >> told; cat > report.json'}`;

describe('story: what is done around a run', () => {
  const temp = tempDirs();
  const listen = listeners();

  function folder(job: string): string {
    const root = temp();
    writeTree(root, {
      source: {f: 'new'},
      target: {},
      'dirsync.config.yaml': `jobs:\n  photos:\n    source: source\n    target: target\n${job}`,
    });
    return root;
  }

  function told(root: string): string[] {
    const file = path.join(root, 'told');
    return fs.existsSync(file) ? fs.readFileSync(file, 'utf8').trimEnd().split('\n') : [];
  }

  const stories: [name: string, prepare: (root: string) => void, code: number, expected: string[]][] = [
    ['that changes something', () => {}, 0, ['start', 'before', 'after', 'change', 'success']],
    [
      'that has nothing to do',
      (root) => void dirsync(['run', path.join(root, 'source'), path.join(root, 'target')]),
      0,
      ['start', 'before', 'after', 'success'],
    ],
    [
      'that a guard halts',
      (root) => fs.rmSync(path.join(root, 'source/f')) ?? fs.writeFileSync(path.join(root, 'target/old'), ''),
      5,
      ['start', 'before', 'after', 'failure GUARD_HALTED', 'guard source-empty'],
    ],
    [
      'without its source',
      (root) => fs.rmSync(path.join(root, 'source'), {recursive: true}),
      5,
      ['start', 'before', 'after', 'failure SOURCE_MISSING', 'guard source-missing'],
    ],
    [
      'that a mistake elsewhere in the config stops',
      (root) => fs.appendFileSync(path.join(root, 'dirsync.config.yaml'), '  other: {sauce: x, target: y}\n'),
      1,
      ['failure CONFIG_INVALID'],
    ],
    [
      'that a mistake in its own job stops',
      (root) => fs.appendFileSync(path.join(root, 'dirsync.config.yaml'), '    every: often\n'),
      1,
      ['failure CONFIG_INVALID'],
    ],
  ];
  for (const [name, prepare, code, expected] of stories) {
    it(`a run ${name}`, () => {
      const root = folder(`    hooks: ${HOOKS}\n`);
      prepare(root);
      expect(dirsync(['run', 'photos', '--once'], {cwd: root}).code).to.equal(code);
      expect(told(root)).to.deep.equal(expected);
      if (code === 0) return;
      const report = JSON.parse(fs.readFileSync(path.join(root, 'report.json'), 'utf8'));
      expect(report).to.deep.include({format: 1, type: 'job-run', job: 'photos', exitCode: code});
      expect(report.error.code).to.equal(expected.join().match(/failure (\w+)/)?.[1]);
    });
  }

  it('a run that finds the target locked', async () => {
    const root = folder(`    hooks: ${HOOKS}\n`);
    for (let i = 0; i < 3000; i++) fs.writeFileSync(path.join(root, `source/${i}`), `${i}`);
    const first = startDirsync(['run', './source', './target'], {cwd: root});
    const lock = path.join(root, 'target/.dirsync/lock');
    await first.until(() => fs.existsSync(lock) && fs.readFileSync(lock).length > 0);
    first.child.kill('SIGSTOP');
    expect(dirsync(['run', 'photos'], {cwd: root}).code).to.equal(6);
    first.child.kill('SIGCONT');
    await first.ended;
    expect(told(root)).to.deep.equal(['start', 'before', 'after', 'failure TARGET_LOCKED']);
  });

  it('a before that fails: nothing is read or written, who should know is told, and the exit code says so', async () => {
    const monitor = await listen(200);
    const root = folder(
      `    heartbeat: ${monitor.url}/ping\n    metrics: m.prom\n    hooks: {before: 'echo no disk; exit 7', after: echo after >> told, onFailure: 'echo "$DIRSYNC_MESSAGE" >> told'}\n`,
    );
    const running = startDirsync(['run', 'photos'], {cwd: root});
    const {code, stderr} = await running.ended;
    expect(code).to.equal(1);
    expect(stderr).to.match(/^Error: The command before the run failed; nothing was changed: .*7.*no disk\n/);
    expect(Object.keys(readTree(path.join(root, 'target')))).to.deep.equal(['.']);
    expect(monitor.heard.map((each) => each.path)).to.deep.equal(['/ping/start', '/ping/fail']);
    expect(told(root).at(-1)).to.match(/^The command before the run failed/);
    expect(fs.readFileSync(path.join(root, 'm.prom'), 'utf8')).to.include('result="failed"} 1');
  });

  it('an after that fails is told, also where the run has failed before it', () => {
    const root = folder('    hooks: {after: echo still mounted; exit 32}\n');
    const {code, stderr} = dirsync(['run', 'photos'], {cwd: root});
    expect(code, 'the target was changed').to.equal(3);
    expect(stderr).to.match(/^Error: The command after the run failed: .*still mounted/);
    fs.rmSync(path.join(root, 'source'), {recursive: true});
    const failed = dirsync(['run', 'photos'], {cwd: root});
    expect(failed.code).to.equal(5);
    expect(failed.stderr).to.match(/Warning: hook: The command after the run failed: .*still mounted/);
    expect(failed.stderr).to.include('Error: The source does not exist');
  });

  it('hooks start in the folder of the config, wherever dirsync does', () => {
    const root = folder('    hooks: {onSuccess: pwd > told}\n');
    expect(dirsync(['run', 'photos'], {cwd: path.join(root, 'source')}).code).to.equal(0);
    expect(told(root)).to.deep.equal([fs.realpathSync(root)]);
  });

  it('neither a hook that hangs nor a monitor that never answers changes how the run ends', async () => {
    const deaf = await listen(() => {});
    const root = folder(
      `    heartbeat: {success: '${deaf.url}/secret', timeout: 50ms}\n    hooks: {onSuccess: sleep 100, timeout: 100ms}\n`,
    );
    const {code, stderr} = await startDirsync(['run', 'photos'], {cwd: root}).ended;
    expect(code).to.equal(0);
    expect(stderr)
      .to.match(/Warning: hook: onSuccess: reached its time limit/)
      .and.match(/Warning: heartbeat: success: /);
    expect(stderr).not.to.include('secret');
    expect(readTree(path.join(root, 'target'))).to.deep.equal(readTree(path.join(root, 'source')));
  });

  it('SIGTERM while a command runs: it is ended, what was begun is undone, and nobody is told of a failure', async () => {
    const monitor = await listen(200);
    const root = folder(
      `    heartbeat: ${monitor.url}\n    hooks: {before: 'echo before >> told; sleep 100', after: echo after >> told, onFailure: echo failure >> told}\n`,
    );
    const running = startDirsync(['run', 'photos'], {cwd: root});
    await running.until(() => told(root).includes('before'));
    expect(await running.kill('SIGTERM')).to.include({code: 143});
    expect(told(root)).to.deep.equal(['before', 'after']);
    expect(monitor.heard.every(({path: at}) => at === '/start')).to.equal(true);
  });

  it('a chat is told of what changed, and not of a run with nothing to do', async () => {
    const chat = await listen(200);
    const root = folder(`    webhook: ${chat.url}/hook\n`);
    for (let round = 0; round < 2; round++) expect((await startDirsync(['run', 'photos'], {cwd: root}).ended).code).to.equal(0);
    expect(chat.heard).to.have.length(1);
    expect(JSON.parse(chat.heard[0]?.body ?? '').text).to.include('photos');
  });

  it('--max-duration stops a run cleanly, and the next one does the rest', function () {
    needStrace(this);
    const root = folder('    maxDuration: 1s\n    hooks: {before: sleep 0}\n');
    const fake = path.join(root, 'source');
    for (let i = 0; i < 300; i++) fs.writeFileSync(path.join(fake, `${i}`), `${i}`);
    // Each of the two workers' renames takes 20 ms: 300 of them do not fit into a second.
    const under = ['strace', '-f', '-qq', '-o', '/dev/null', '-e', 'inject=rename,renameat,renameat2:delay_enter=20000'];
    const first = dirsync(['run', 'photos'], {cwd: root, under});
    expect(first.code).to.equal(3);
    expect(first.stdout).to.match(/Stopped at the time limit: \d+ changes left; apply again to do the rest\./);
    const done = Object.keys(readTree(path.join(root, 'target'))).length;
    expect(done).to.be.within(2, 301);
    expect(dirsync(['apply', 'photos', '--yes'], {cwd: root}).code).to.equal(0);
    expect(readTree(path.join(root, 'target'))).to.deep.equal(readTree(fake));
  });
});
