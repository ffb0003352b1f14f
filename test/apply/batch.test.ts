import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {applyFresh} from '../../src/app/sync/apply.js';
import {type BatchTask, type BatchTools, fromWire, leave, performBatch, type WireResult} from '../../src/apply/batch.js';
import type {ApplyContext} from '../../src/apply/session.js';
import type {Action} from '../../src/core/action.js';
import type {RelPath} from '../../src/core/path.js';
import {UNPACED} from '../../src/platform/platform.js';
import {applyContext} from '../support/apply-context.js';
import {pairIn} from '../support/cli.js';
import {act, file} from '../support/plan.js';
import {skip} from '../support/skip.js';
import {context, planTrees, settings, syncTrees} from '../support/sync.js';
import {tempDirs} from '../support/temp.js';
import {DEFAULT_MTIME, type Tree} from '../support/tree.js';

describe('open folders of a run', () => {
  const temp = tempDirs();
  before(function () {
    if (process.platform !== 'linux') skip(this, 'what is open is known on Linux');
  });

  /** What this process has open in a folder: a file system on which something is open cannot be unmounted. */
  function openIn(root: string): string[] {
    return fs.readdirSync('/proc/self/fd').flatMap((fd) => {
      try {
        const at = fs.readlinkSync(path.join('/proc/self/fd', fd));
        return at.startsWith(root) ? [at] : [];
      } catch {
        return []; // the one that was open to list them
      }
    });
  }

  const source = {folder: {a: 'a', b: 'b'}, same: 's', gives: {place: 'x'}};
  const target = {folder: {a: 'other'}, gone: {c: 'c'}, same: 's', gives: 'way'};

  it('is closed when it changed something, and when it did not', async () => {
    const {root, ...pair} = pairIn(temp(), source, target);
    const wanted = settings(pair.source, pair.target, {compare: 'content', fsync: 'each'});
    await planTrees(wanted);
    expect(openIn(root), 'after a plan').to.deep.equal([]);
    expect((await syncTrees(wanted)).counts.done).to.be.greaterThan(0);
    expect(openIn(root), 'after a run').to.deep.equal([]);
    expect((await syncTrees(wanted)).counts.done).to.equal(0);
    expect(openIn(root), 'after nothing to do').to.deep.equal([]);
  });

  it('is closed when it was stopped', async () => {
    const {root, ...pair} = pairIn(temp(), source, target);
    const controller = new AbortController();
    const onEvent = ({type}: {type: string}) => {
      if (type === 'action') controller.abort('SIGINT');
    };
    await applyFresh(settings(pair.source, pair.target), {...context(), onEvent, signal: controller.signal}).catch(() => {});
    expect(controller.signal.aborted).to.equal(true);
    expect(openIn(root)).to.deep.equal([]);
  });
});

describe('apply/batch', () => {
  const temp = tempDirs();
  afterEach(leave);

  const content = (text: string) => file(text.length, {mtime: DEFAULT_MTIME});

  /** A worker in this thread; `stopAt`: after so many steps the run is to stop. */
  function worker(from: Tree, to: Tree, {fields, stopAt = 99}: {fields?: Partial<ApplyContext>; stopAt?: number} = {}) {
    const pair = pairIn(temp(), from, to);
    const counted = {steps: 0, bytes: 0};
    const hands: (number | undefined)[] = [];
    const tools: BatchTools = {
      worker: 0,
      count(steps, bytes) {
        counted.steps += steps;
        counted.bytes += bytes;
        return counted.steps < stopAt;
      },
      leftOut: () => () => false,
      pace: UNPACED,
      at: (index) => hands.push(index),
    };
    const context = applyContext(pair, fields);
    const run = (step: BatchTask['step'], actions: readonly Action[], more: Partial<BatchTask> = {}) =>
      performBatch({type: 'batch', step, wave: 0, actions, indexes: actions.map((_, i) => i + 10), ...more}, tools);
    const results = (step: BatchTask['step'], actions: readonly Action[], more: Partial<BatchTask> = {context}) =>
      (run(step, actions, more) as readonly WireResult[]).map((result) => {
        const {status, drift, problem} = fromWire(result);
        return [status, ...(drift ? [drift.attribute] : []), ...(problem ? [problem.code] : [])].join(' ');
      });
    return {...pair, context, run, results, counted, hands};
  }

  it('answers each action, counts, and records the current action', () => {
    const {results, target, counted, hands} = worker({a: 'xx', b: 'y'}, {});
    expect(results('writes', [act.create('a', content('xx')), act.create('b', content('y'))])).to.deep.equal(['done', 'done']);
    expect(fs.readFileSync(path.join(target, 'a'), 'utf8')).to.equal('xx');
    expect([counted, hands]).to.deep.equal([{steps: 2, bytes: 3}, [10, 11, undefined]]);
  });

  it('a result with only a status is sent as the status', () => {
    const {run, context} = worker({a: 'x', b: {c: 'y'}}, {b: 'other'});
    const gone = act.delete('b', file(1));
    const results = run('check', [act.create('a', content('x')), gone, act.create('b/c', content('y'))], {
      context,
    }) as WireResult[];
    expect(results[0]).to.equal('todo');
    expect(results[1]).to.deep.include({status: 'skipped'}).and.have.property('drift');
    expect(results[2]).to.deep.equal({status: 'todo', obstacle: 'b'});
    for (const result of results) expect(fromWire(result)).to.have.property('status');
  });

  it('an error at one path is a problem of that path', () => {
    const bug = {...act.create('bug'), after: undefined} as unknown as Action;
    const {results} = worker({a: 'x', c: 'z'}, {});
    expect(results('writes', [act.create('a', content('x')), bug, act.create('c', content('z'))])).to.deep.equal([
      'done',
      'failed INTERNAL',
      'done',
    ]);
  });

  it('begins no more once the run is to stop', () => {
    const {results, target} = worker({a: 'x', b: 'y'}, {}, {stopAt: 1});
    expect(results('writes', [act.create('a', content('x')), act.create('b', content('y'))])).to.deep.equal(['done', 'stopped']);
    expect(fs.existsSync(path.join(target, 'b'))).to.equal(false);
  });

  it('reports a replaced root once, and does nothing more', () => {
    const {results, target, root} = worker({a: 'x', b: 'y'}, {});
    fs.renameSync(target, path.join(root, 'away'));
    fs.mkdirSync(target);
    const both = [act.create('a', content('x')), act.create('b', content('y'))];
    expect(results('writes', both)).to.deep.equal(['failed ROOT_REPLACED', 'stopped']);
    expect(results('writes', both, {}), 'also in the next batch').to.deep.equal(['stopped', 'stopped']);
    expect(fs.readdirSync(target)).to.deep.equal([]);
  });

  it('starts a session for a new context, and continues with the same one', () => {
    const {results, context, source} = worker({a: 'x'}, {});
    const create = [act.create('a', content('x'))];
    expect(results('check', create)).to.deep.equal(['todo']);
    const other = pairIn(temp(), {a: 'x'}, {a: 'x'});
    expect(results('check', create, {})).to.deep.equal(['todo']);
    expect(results('check', create, {context: {...applyContext(other), runId: context.runId}})).to.deep.equal(['already-done']);
    expect(source).to.not.equal(other.source);
  });

  it('knows the folders that other workers have opened', () => {
    const {results, target} = worker({}, {a: {}});
    const {mode, mtimeNs, uid, gid} = fs.statSync(path.join(target, 'a'), {bigint: true});
    const entry = {
      ...file(),
      kind: 'directory',
      mode: Number(mode) & 0o7777,
      mtime: mtimeNs,
      uid: Number(uid),
      gid: Number(gid),
    } as const;
    const closed = {...entry, mode: 0o555};
    const upkeep: Action = {
      kind: 'attrs',
      path: 'a' as RelPath,
      reasons: ['mode'],
      before: closed,
      after: {...closed, mode: 0o511},
    };
    fs.chmodSync(path.join(target, 'a'), 0o755);
    expect(results('check', [upkeep])).to.deep.equal(['skipped mode']);
    expect(results('check', [upkeep], {opened: [{path: 'a' as RelPath, mode: 0o555}]})).to.not.deep.equal(['skipped mode']);
  });

  it('flushes, and returns what it has learnt about times', () => {
    const {run, results, context} = worker({a: 'x'}, {});
    expect(results('writes', [act.create('a', content('x'))])).to.deep.equal(['done']);
    expect(run('sync', [])).to.equal(undefined);
    expect(run('times', []), 'all that was set was kept').to.equal(undefined);
    expect(run('sync', [], {context: {...context, target: undefined}})).to.include({code: 'INTERNAL', phase: 'sync'});
  });

  it('without a way into a tree each path fails for that', () => {
    const {results, context} = worker({a: 'x'}, {});
    const gone = {...context, source: {...(context.source as NonNullable<ApplyContext['source']>), path: '/none/such' as never}};
    expect(results('check', [act.create('a'), act.create('b')], {context: gone})).to.deep.equal([
      'failed ENOENT',
      'failed ENOENT',
    ]);
  });
});
