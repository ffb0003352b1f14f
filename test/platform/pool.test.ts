import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {expect} from 'chai';
import type {QuestionTask} from '../../src/apply/question.js';
import {toByteName} from '../../src/core/name.js';
import type {RelPath} from '../../src/core/path.js';
import {allEnded, WorkerPool} from '../../src/platform/pool.js';
import {tempDirs} from '../support/temp.js';

describe('platform/pool', () => {
  const temp = tempDirs();
  let pool: WorkerPool;
  beforeEach(() => {
    pool = WorkerPool.open(2);
  });
  afterEach(() => pool.close());

  /** Compares two files that have only holes: 8 TiB of them, which is hours of work. */
  function long(): QuestionTask {
    const root = temp();
    for (const name of ['source', 'target']) {
      fs.mkdirSync(path.join(root, name));
      fs.writeFileSync(path.join(root, name, 'holes'), '');
      fs.truncateSync(path.join(root, name, 'holes'), 2 ** 43);
    }
    const [source, target] = ['source', 'target'].map((name) => toByteName(path.join(root, name)));
    const paths = ['holes' as RelPath];
    return {type: 'question', question: 'content', source, target, paths, inTarget: paths, views: {source: {}, target: {}}};
  }
  /** No worker can do it. */
  const BROKEN = {type: 'none'};

  it('stops all tasks if one fails, and fails when all have ended', async () => {
    const ended: unknown[] = [];
    const work = pool.call(0, long()).then((answer) => ended.push(answer));
    const error = await pool.together([work, pool.call(1, BROKEN)]).catch((error: unknown) => error);
    expect(error).to.be.instanceOf(Error).with.property('message').that.includes('Cannot read properties');
    expect(ended, 'it was stopped, not left alone').to.deep.equal([[false]]);
    expect(pool.isStopped).to.equal(true);
  });

  it('also waits for tasks that continue after others have failed', async () => {
    const ended: unknown[] = [];
    const error = await allEnded([
      pool.call(1, BROKEN),
      pool.call(0, {...long(), question: 'allocated'}).then((answer) => ended.push(answer)),
    ]).catch((error: unknown) => error);
    expect(error).to.be.instanceOf(Error).with.property('message').that.includes('Cannot read properties');
    expect({ended, isStopped: pool.isStopped}).to.deep.equal({ended: [[[0, 0]]], isStopped: false});
  });

  it('a worker whose memory is used up is a typed error for its job and for all that come after it', function () {
    // Node 24 at times aborts as a whole, where V8 finds no room to leave the thread that is full.
    this.retries(3);
    const module = fileURLToPath(new URL('../../src/platform/pool.js', import.meta.url));
    // One text here, and two millions there.
    const script = `
      import {allEnded, WorkerPool} from ${JSON.stringify(module)};
      const pool = WorkerPool.open(2);
      const paths = new Array(2e6).fill('x'.repeat(100));
      const code = (job) => pool.call(0, job).then(() => 'none', (error) => error.code + ' ' + error.exitCode);
      console.log(JSON.stringify([await code({type: 'question', paths}), await code({}), pool.isStopped]));
      await pool.close();`;
    const file = path.join(temp(), 'script.mjs');
    fs.writeFileSync(file, script);
    const answer = execFileSync(process.execPath, ['--max-old-space-size=160', file], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 30_000,
    });
    expect(JSON.parse(answer)).to.deep.equal(['OUT_OF_MEMORY 1', 'OUT_OF_MEMORY 1', false]);
  });
});
