import {expect} from 'chai';
import fc from 'fast-check';
import type {Action} from '../../src/core/action.js';
import {type Entry, NS_PER_SECOND} from '../../src/core/entry.js';
import type {RelPath} from '../../src/core/path.js';
import {overwritesOf, overwritten} from '../../src/plan/overwrites.js';
import type {TwinPolicy} from '../../src/plan/twins.js';
import {act, file, folder, NOON, symlink} from '../support/plan.js';

const EXACT: TwinPolicy = {times: true, mtimeWindow: 0n, deleteAnyway: false};

/** Files that differ in size and time. */
const log = (number: number): Entry => file(100 + number, {mtime: NOON - BigInt(number) * 100n * NS_PER_SECOND});
const replace = (path: string, before: Entry, after: Entry): Action => ({
  kind: 'replace',
  path: path as RelPath,
  reasons: ['kind'],
  before,
  after,
});
const link = (path: string, leader: string, before: Entry, after: Entry): Action => ({
  kind: 'link',
  path: path as RelPath,
  leader: leader as RelPath,
  reasons: ['hardlink'],
  before,
  after,
});

interface Case {
  readonly actions: readonly Action[];
  readonly policy?: Partial<TwinPolicy>;
  /** Paths, one text a level. */
  readonly levels?: readonly string[];
  readonly aside?: string;
}

const renamed = (before: Partial<Entry>, after: Partial<Entry>) => [
  act.update('a', file(5, before), log(1)),
  act.create('b', file(5, after)),
];

const cases: Record<string, Case> = {
  'nothing where nothing is written over': {actions: [act.create('a', log(1)), act.delete('b', log(1))]},
  'a file that was renamed, and a new one at its name': {actions: renamed({}, {}), levels: ['a']},
  'rotated logs, the last one first': {
    actions: [
      act.update('log', log(1), log(0)),
      act.update('log.1', log(2), log(1)),
      act.update('log.2', log(3), log(2)),
      act.create('log.3', log(3)),
    ],
    levels: ['log.2', 'log.1', 'log'],
  },
  'names that were swapped': {
    actions: [act.update('a', log(1), log(2)), act.update('b', log(2), log(1)), act.update('c', log(3), log(4))],
    aside: 'a b',
  },
  'a ring, and what waits for it': {
    actions: [
      act.update('a', log(1), log(2)),
      act.update('b', log(2), log(3)),
      act.update('c', log(3), log(1)),
      act.update('d', log(3), log(4)),
      act.update('e', log(5), log(6)),
      act.create('f', log(5)),
    ],
    levels: ['e'],
    aside: 'a b c d',
  },
  'a file whose content comes to the place of a folder': {
    actions: [act.update('a', log(1), log(2)), replace('b', folder(), log(1))],
    aside: 'a',
  },
  'a file that gives its place to a symlink': {
    actions: [replace('a', log(1), symlink('x')), act.create('b', log(1))],
    levels: ['a'],
  },
  'no link, which follows all files; nor what only a link brings': {
    actions: [
      link('a', 'c', log(1), log(2)),
      act.create('b', log(1)),
      link('d', 'e', log(3), log(4)),
      act.update('f', log(4), log(5)),
    ],
  },
  'no empty file': {actions: [act.update('a', file(0), log(1)), act.create('b', file(0))]},
  'no file of another size or time': {actions: [...renamed({}, {mtime: NOON + NS_PER_SECOND}), act.create('c', file(6))]},
  'a file whose time was cut to seconds': {actions: renamed({}, {mtime: NOON + NS_PER_SECOND - 1n}), levels: ['a']},
  'a time that differs by no more than the target keeps': {
    actions: renamed({}, {mtime: NOON - 2n * NS_PER_SECOND}),
    policy: {mtimeWindow: 2n * NS_PER_SECOND},
    levels: ['a'],
  },
  'a time that the source cuts to seconds': {
    actions: renamed({}, {mtime: NOON - 1n}),
    policy: {sourceResolution: NS_PER_SECOND},
    levels: ['a'],
  },
  'a time that differs by no more than the user allows': {
    actions: renamed({}, {mtime: NOON - 3600n * NS_PER_SECOND}),
    policy: {mtimeWindow: 3600n * NS_PER_SECOND},
    levels: ['a'],
  },
  'a time that the target takes for the first that it keeps': {
    actions: renamed({}, {mtime: 0n}),
    policy: {mtimeRange: {min: NOON}},
    levels: ['a'],
  },
  'a file that gives its place to a symlink of the size and time of others': {
    actions: [
      replace('a', log(1), symlink('x', {size: log(2).size, mtime: log(2).mtime})),
      act.create('b', log(1)),
      act.update('c', log(2), log(5)),
      act.update('d', log(3), log(2)),
      act.update('e', log(4), log(3)),
      act.create('f', log(4)),
    ],
    levels: ['a e', 'd', 'c'],
  },
  'nothing where times are not kept': {actions: renamed({}, {}), policy: {times: false}},
  'nothing with --delete-anyway': {actions: renamed({}, {}), policy: {deleteAnyway: true}},
  'a file that is written anew with the size and time that it had, and another like it': {
    actions: [act.update('a', log(1), log(1)), act.create('b', log(1))],
    levels: ['a'],
  },
  'files of a size that only large numbers hold': {
    actions: [act.update('a', file(2 ** 50), log(1)), act.create('b', file(2 ** 50)), act.create('c', file(2 ** 50 + 1))],
    levels: ['a'],
  },
};

describe('plan/overwrites', () => {
  for (const [title, {actions, policy, levels = [], aside = ''}] of Object.entries(cases)) {
    it(title, () => {
      const found = overwritesOf(actions, {...EXACT, ...policy});
      const paths = (indexes: readonly number[]) => indexes.map((i) => actions[i]?.path).join(' ');
      expect({levels: found.levels.map(paths), aside: paths(found.aside)}).to.deep.equal({levels, aside});
    });
  }

  it('a file that a link overwrites counts as overwritten', () => {
    const actions = [link('a', 'c', log(1), log(2)), act.create('b', log(1))];
    expect(overwritten(actions, EXACT)).to.deep.equal([0]);
  });

  it('never overwrites the only copy of a content, with any renames', () => {
    const content = fc.integer({min: 0, max: 5});
    const changes = fc.array(fc.record({before: fc.option(content), after: content}), {maxLength: 12});
    fc.assert(
      fc.property(changes, (files) => {
        const actions = files.flatMap(({before, after}, i): Action[] => {
          if (before === after) return [];
          return [before === null ? act.create(`f${i}`, log(after)) : act.update(`f${i}`, log(before), log(after))];
        });
        const {levels, aside} = overwritesOf(actions, EXACT);
        const late = new Set([...levels, aside].flat());
        const writes = [...actions.keys()].filter((i) => !late.has(i));
        const brought = new Set(actions.map(({after}) => after?.size));
        /** What is written so far, and what is set aside. */
        const there = new Set<number | undefined>();
        for (const wave of [writes, ...levels]) {
          // Within a wave any order must do.
          for (const i of wave) {
            const {before} = actions[i] as Action;
            if (before !== undefined && brought.has(before.size)) expect(there).to.include(before.size);
          }
          for (const i of wave) there.add(actions[i]?.after?.size);
        }
        expect(new Set([...writes, ...levels.flat(), ...aside]).size).to.equal(actions.length);
      }),
    );
  });
});
