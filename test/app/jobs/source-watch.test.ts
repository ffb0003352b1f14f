import fs from 'node:fs';
import path from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {expect} from 'chai';
import {SourceWatch} from '../../../src/app/jobs/source-watch.js';
import type {Settings} from '../../../src/config/settings.js';
import {pairIn} from '../../support/cli.js';
import {settings} from '../../support/sync.js';
import {tempDirs} from '../../support/temp.js';

describe('app/jobs/source-watch', () => {
  const temp = tempDirs();
  const open: SourceWatch[] = [];
  afterEach(async () => {
    for (const watch of open.splice(0)) await watch.close();
  });

  function watchOf(source: string, overrides: Partial<Settings> = {}, own: ReadonlySet<string> = new Set()) {
    let hear = () => {};
    let changes = 0;
    const watch = new SourceWatch(settings(source, '/t', overrides), {
      own,
      onChange: () => {
        changes++;
        hear();
      },
      onLost: () => {},
    });
    open.push(watch);
    /** Resolves with the first change that matters after `before` others. */
    const heard = (before = 0) =>
      new Promise<void>((done) => {
        hear = done;
        if (changes > before) done();
      });
    return {watch, heard, count: () => changes};
  }

  it('hears what happens in a source that is there', async () => {
    const {source} = pairIn(temp(), {d: {}});
    const {watch, heard} = watchOf(source);
    expect(await watch.renew()).to.be.a('string');
    fs.writeFileSync(path.join(source, 'd/a'), 'x');
    await heard();
  });

  it('hears nothing of what filters leave out, nor of what runs write', async () => {
    const {source} = pairIn(temp(), {});
    const own = new Set([path.join(source, 'x.log')]);
    const {watch, heard, count} = watchOf(source, {filters: [{flag: 'exclude', value: '*.o'}]}, own);
    const all = watchOf(source);
    for (const each of [watch, all.watch]) await each.renew();
    for (const name of ['a.o', 'x.log', 'x.log.1']) {
      const before = all.count();
      fs.writeFileSync(path.join(source, name), '');
      await all.heard(before);
      await delay(50);
      expect(count(), name).to.equal(0);
    }
    fs.writeFileSync(path.join(source, 'a.c'), '');
    await heard();
  });

  it('a source that is not there, or filters that cannot be read, are told in words', async () => {
    const {source, root} = pairIn(temp(), {});
    for (const {watch} of [
      watchOf(path.join(root, 'none\x1b')),
      watchOf(source, {filters: [{flag: 'exclude-from', value: path.join(root, 'none\x1b')}]}),
    ]) {
      const renewed = await watch.renew();
      if (typeof renewed === 'string') throw new Error('it listens');
      expect(renewed.deaf).to.include('none').and.not.include('\x1b');
      watch.doubt();
    }
  });

  it('and is heard once it is there', async () => {
    const root = temp();
    const source = path.join(root, 'late');
    const {watch} = watchOf(source);
    expect(await watch.renew()).to.have.property('deaf');
    fs.mkdirSync(source);
    expect(await watch.renew()).to.be.a('string');
  });

  it('is another where the source or what is left out of it is another', () => {
    const {watch} = watchOf('/s', {excludeIfPresent: ['x']});
    const same = settings('/s', '/elsewhere', {excludeIfPresent: ['x'], delete: false});
    expect(watch.isFor(same)).to.equal(true);
    const others: Partial<Settings>[] = [
      {source: '/other'},
      {filters: [{flag: 'exclude', value: 'a'}]},
      {excludeCaches: true},
      {excludeIfPresent: []},
    ];
    for (const other of others) expect(watch.isFor({...same, ...other})).to.equal(false);
  });
});
