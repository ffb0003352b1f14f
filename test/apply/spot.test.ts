import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import type {World} from '../../src/apply/check.js';
import {asideSpot, discard, foundWaiting, placeIn, spotOf, waitingSpot} from '../../src/apply/spot.js';
import type {Step} from '../../src/apply/step.js';
import {type ByteName, toByteName} from '../../src/core/name.js';
import type {RelPath} from '../../src/core/path.js';
import {platform} from '../../src/platform/choose.js';
import {Cursor} from '../../src/platform/cursor.js';
import {SystemError} from '../../src/platform/platform.js';
import {openStaging} from '../../src/state/staging.js';
import {readTraces} from '../../src/state/traces.js';
import {act} from '../support/plan.js';
import {tempDirs} from '../support/temp.js';
import {writeTree} from '../support/tree.js';

const RUN = '20260101T000000000Z-000000';

describe('apply/spot', () => {
  const temp = tempDirs();
  let close: (() => void)[] = [];
  afterEach(() => {
    for (const each of close.reverse()) each();
    close = [];
  });

  /** A target in which nothing can be renamed from staging into the folder `apart`. */
  function target() {
    const root = temp();
    writeTree(root, {apart: {}, folder: {}});
    const folder = platform().openRoot(toByteName(root));
    const staging = openStaging({platform: platform(), root: folder, runId: RUN, worker: 0});
    const ways = [new Cursor(platform(), folder), new Cursor(platform(), folder)] as const;
    const beside = new Set(['apart' as RelPath]);
    const world = {platform: platform(), target: ways[0], leaders: ways[1], beside} as unknown as World;
    close.push(() => platform().close(folder), staging.close, ...ways.map((way) => () => way.reset()));
    const task = (path: string) => ({action: act.create(path), index: 7, world, staging}) as unknown as Step;
    const noted = (under: string) => {
      const state = platform().openRoot(toByteName(path.join(root, '.dirsync', under)));
      try {
        return readTraces(platform(), state);
      } finally {
        platform().close(state);
      }
    };
    return {root, staging, world, task, noted, ways};
  }

  it('makes new entries in staging, named by the index of the action', () => {
    const {staging, task, ways, noted} = target();
    const made = task('folder/a');
    const place = placeIn(ways[0], made.action);
    expect(place.name).to.equal('a');
    expect(spotOf(made, place)).to.deep.equal({folder: staging.own, name: '7'});
    expect(noted('tmp')).to.deep.equal([]);
  });

  it('else beside the place, noted before it exists', () => {
    const {task, ways, noted} = target();
    const made = task('apart/a');
    const place = placeIn(ways[0], made.action);
    const spot = spotOf(made, place);
    expect(spot.folder).to.equal(place.folder);
    expect(spot.name).to.match(/^\.dirsync-.*-7\.tmp$/);
    expect(noted('tmp')).to.deep.equal([{beside: {folder: 'apart', name: spot.name}}]);
    expect(noted('replaced')).to.deep.equal([]);
  });

  it('never sets aside in staging, and notes it in traces that are not swept', () => {
    const {staging, task, noted} = target();
    expect(asideSpot(task('folder/a'), 'folder/a' as RelPath)).to.deep.equal({folder: staging.replaced, name: '7'});
    const spot = asideSpot(task('apart/a'), 'apart/a' as RelPath);
    expect(spot.name).to.match(/-7\.old$/);
    expect(noted('tmp')).to.deep.equal([]);
    expect(noted('replaced')).to.deep.equal([{beside: {folder: 'apart', name: spot.name}}]);
  });

  it('finds a waiting leaf, no matter which worker asks', () => {
    const {root, world, staging} = target();
    const at = 'apart/a' as RelPath;
    const waiting = waitingSpot(world, staging, at, 7);
    expect(waiting.name).to.match(/-7\.tmp$/);
    expect(foundWaiting(world, staging, at, 7).name).to.equal(waiting.name);
    fs.writeFileSync(path.join(root, '.dirsync/tmp', RUN, 'waiting/7'), '');
    expect(foundWaiting(world, staging, at, 7)).to.deep.equal({folder: staging.waiting, name: '7'});
    expect(waitingSpot(world, staging, 'folder/a' as RelPath, 7)).to.deep.equal({folder: staging.waiting, name: '7'});
  });

  it('without a target there is no place', () => {
    expect(() => placeIn(undefined, act.create('a')))
      .to.throw(SystemError)
      .with.property('code', 'ENOENT');
  });

  it('removes a discarded file, or leaves it to the sweep', () => {
    const {root, staging, task} = target();
    const file = path.join(root, '.dirsync/tmp', RUN, 'worker-0/7');
    fs.writeFileSync(file, '');
    const spot = {folder: staging.own, name: '7' as ByteName};
    discard(task('a'), spot);
    expect(fs.existsSync(file)).to.equal(false);
    discard(task('a'), spot);
  });
});
