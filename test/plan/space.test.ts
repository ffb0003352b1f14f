import {expect} from 'chai';
import fc from 'fast-check';
import type {Action} from '../../src/core/action.js';
import {ROOT} from '../../src/core/path.js';
import {type Need, spaceNeeds, WRITERS} from '../../src/plan/space.js';
import {act, file, header, planOf} from '../support/plan.js';

const BLOCK = 4096;
const onDisk = (bytes: number) => Math.ceil(bytes / BLOCK) * BLOCK;

describe('plan/space', () => {
  it('is a valid size, even if more is freed than written, or if the sum is too large to count', () => {
    const actions: Action[] = [act.create('a', file(1)), act.delete('b', file(2 ** 40))];
    const early = {...planOf(actions), header: {...header, options: {...header.options, deleteBefore: true}}};
    const allocation = {written: () => 1, replaced: () => 2 ** 40};
    expect(spaceNeeds(early, [{at: ROOT, block: BLOCK, free: 0}], allocation)[0]?.bytes).to.equal(0);
    const large = planOf(['a', 'b'].map((name) => act.create(name, file(Number.MAX_SAFE_INTEGER))));
    expect(spaceNeeds(large, [{at: ROOT, block: BLOCK, free: 0}])[0]?.bytes).to.equal(Number.MAX_SAFE_INTEGER);
  });

  it('is enough for any order in which the writes are done, by as many writers as there may be', () => {
    const size = fc.nat(20 * BLOCK);
    const updates = fc.array(fc.record({old: size, now: size.map((bytes) => bytes + 1), at: fc.nat()}), {maxLength: 60});
    fc.assert(
      fc.property(updates, fc.array(fc.nat()), (files, ends) => {
        const actions = files.map(({old, now}, i): Action => act.update(`f${i}`, file(old), file(now)));
        const allocation = {
          written: (i: number) => (files[i] as {now: number}).now,
          replaced: (i: number) => (files[i] as {old: number}).old,
        };
        const [need] = spaceNeeds(planOf(actions), [{at: ROOT, block: BLOCK, free: 0}], allocation) as [Need];
        // Begun in the order of `at`; whenever all writers are at work, one of them, by chance, takes its file's place.
        const queue = [...files].sort((a, b) => a.at - b.at);
        const writing: typeof files = [];
        let [used, most] = [0, 0];
        const end = (which: number) => {
          const [done] = writing.splice(which % writing.length, 1);
          used -= onDisk(done?.old ?? 0);
        };
        for (const [i, each] of queue.entries()) {
          if (writing.length === WRITERS) end(ends[i] ?? 0);
          writing.push(each);
          used += onDisk(each.now);
          most = Math.max(most, used);
        }
        expect(most).to.be.at.most(need.bytes);
      }),
    );
  });

  it('uses the sizes of files if nothing was measured, and counts folders and inodes', () => {
    const actions = [
      act.mkdir('d'),
      act.create('d/a', file(1)),
      act.update('u', file(9 * BLOCK), file(BLOCK + 1)),
      act.delete('z', file(BLOCK)),
    ];
    const [need] = spaceNeeds(planOf(actions), [{at: ROOT, block: BLOCK, free: 0}]) as [Need];
    const [own] = spaceNeeds(planOf([]), [{at: ROOT, block: BLOCK, free: 0}]) as [Need];
    expect(need.inodes - own.inodes).to.equal(2);
    expect(need.bytes - own.bytes).to.equal(BLOCK + (1024 + BLOCK) + 2 * BLOCK);
  });

  it('frees nothing for files that are set aside', () => {
    const spaces = [{at: ROOT, block: BLOCK, free: 0}];
    const allocation = {written: () => BLOCK, replaced: () => BLOCK};
    const needOf = (...actions: Action[]) => (spaceNeeds(planOf(actions), spaces, allocation) as [Need])[0];
    const apart = needOf(act.update('a', file(1), file(2)), act.update('b', file(3), file(4)));
    const swapped = needOf(act.update('a', file(1), file(2)), act.update('b', file(2), file(1)));
    // Those apart are both beside their old content at one time, too; of three more no more than that.
    expect(swapped.inodes - apart.inodes).to.equal(2);
    const many = Array.from({length: 2 * WRITERS}, (_, i) =>
      act.update(`f${i}`, file(10 + i), file(10 + ((i + 1) % (2 * WRITERS)))),
    );
    const others = Array.from({length: 2 * WRITERS}, (_, i) => act.update(`f${i}`, file(100 + i), file(10 + i)));
    expect(needOf(...many).bytes - needOf(...others).bytes).to.equal(WRITERS * BLOCK);
  });

  it('frees the space of deletes that come first', () => {
    const plan = planOf([act.create('a', file(BLOCK)), act.rmdir('y'), act.delete('z', file(8 * BLOCK))]);
    const allocation = {written: () => BLOCK, replaced: (index: number) => (index === 2 ? 8 * BLOCK : 0)};
    const spaces = [{at: ROOT, block: BLOCK, free: 0}];
    const [need] = spaceNeeds(plan, spaces, allocation) as [Need];
    const early = {...plan, header: {...plan.header, options: {...plan.header.options, deleteBefore: true}}};
    const [less] = spaceNeeds(early, spaces, allocation) as [Need];
    expect(need.bytes - less.bytes).to.equal(8 * BLOCK);
    expect(need.inodes - less.inodes).to.equal(2);
  });
});
