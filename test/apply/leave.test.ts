import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {applyFresh} from '../../src/app/sync/apply.js';
import {pairIn} from '../support/cli.js';
import {skip} from '../support/skip.js';
import {context, planTrees, settings, syncTrees} from '../support/sync.js';
import {tempDirs} from '../support/temp.js';

describe('what a run holds open', () => {
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
