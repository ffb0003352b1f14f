import {expect} from 'chai';
import type {Action, Reason} from '../../src/core/action.js';
import {type RelPath, ROOT} from '../../src/core/path.js';
import type {Facts, GuardName, MaxDelete, Plan, PlanHeader} from '../../src/core/plan.js';
import {problem} from '../../src/core/problem.js';
import {checkHalts, DEFAULT_MAX_DELETE, guardHalts} from '../../src/plan/guards.js';
import {act, file, header, planOf} from '../support/plan.js';

interface Case {
  readonly name: string;
  readonly plan: Plan;
  /** Guards with their sentences. */
  readonly halts: Partial<Record<GuardName, string>>;
}

const MIB = 1024 * 1024;

const cases: Case[] = [
  {name: 'an ordinary plan', plan: planOf([act.create('a'), act.delete('b')]), halts: {}},
  {name: 'one folder twice', plan: planOf([], {overlap: 'same'}), halts: {'same-tree': 'source and target are the same folder'}},
  {
    name: 'a target in its source',
    plan: planOf([], {overlap: 'target-in-source'}),
    halts: {'same-tree': 'the target lies inside the source'},
  },
  {
    name: 'a source in its target',
    plan: planOf([], {overlap: 'source-in-target'}),
    halts: {'same-tree': 'the source lies inside the target'},
  },
  {
    name: 'a missing source and a target with content',
    plan: planOf([act.delete('a')], {sourceMissing: true, totals: totals({source: 0, leaves: 20})}),
    halts: {
      'source-missing': 'the source does not exist and was treated as an empty folder',
      'source-empty': 'the source is empty, so the target would be emptied: 1 of its 20 entries would be deleted',
    },
  },
  {
    name: 'an empty source and a target of empty folders',
    plan: planOf([act.rmdir('a')], {totals: totals({source: 0, leaves: 0, entries: 1})}),
    halts: {'source-empty': 'the source is empty, so the target would be emptied: 1 of its 1 entries would be deleted'},
  },
  {name: 'an empty source and target', plan: planOf([], {totals: totals({source: 0, leaves: 0})}), halts: {}},
  {name: 'an empty source, but nothing is deleted', plan: planOf([], {totals: totals({source: 0, leaves: 5})}), halts: {}},
  {name: 'deletes at the share', plan: deleting(500, {share: 0.5}, 1000), halts: {}},
  {
    name: 'deletes above the share',
    plan: deleting(812, {share: 0.5}, 1000),
    halts: {'too-many-deletes': 'would delete 812 of 1,000 files (81.2 %), more than --max-delete 50%'},
  },
  {name: 'all deletes in a target of 20 leaves', plan: deleting(20, {share: 0.5}, 20), halts: {}},
  {
    name: 'all deletes in a target of 21 leaves',
    plan: deleting(21, {share: 0.125}, 21),
    halts: {'too-many-deletes': 'would delete 21 of 21 files (100 %), more than --max-delete 12.5%'},
  },
  {name: 'all deletes with 100%', plan: deleting(1000, {share: 1}, 1000), halts: {}},
  {name: 'deletes at the count', plan: deleting(3, {count: 3}, 5), halts: {}},
  {
    name: 'deletes above the count, in a small target too',
    plan: deleting(1, {count: 0}, 5),
    halts: {'too-many-deletes': 'would delete 1 of 5 files (20 %), more than --max-delete 0'},
  },
  {
    name: 'folders are not counted',
    plan: planOf([act.rmdir('a'), act.rmdir('b')], {options: {...header.options, maxDelete: {count: 0}}}),
    halts: {},
  },
  {
    name: 'a source that could not be read',
    plan: planOf([], {problems: [problem({path: ROOT, side: 'source', phase: 'scan', code: 'EACCES'})]}),
    halts: {'unreadable-source': 'the source itself could not be read (EACCES), so its content is unknown'},
  },
  {
    name: 'a folder of the source that could not be read',
    plan: planOf([], {problems: [problem({path: 'a' as RelPath, side: 'source', phase: 'scan', code: 'EACCES'})]}),
    halts: {},
  },
  {
    name: 'a source and a target never met before',
    plan: given({target: {before: []}, sourceFileSystem: {now: 'xfs 1', before: []}}),
    halts: {},
  },
  {
    name: 'a source and a target as before, of several',
    plan: given({target: {now: 'b', before: ['a', 'b']}, sourceFileSystem: {now: 'xfs 1', before: ['ext4 1', 'xfs 1']}}),
    halts: {},
  },
  {
    name: 'a source on another file system',
    plan: given({sourceFileSystem: {now: 'tmpfs', before: ['ext4 12ab']}}),
    halts: {
      'source-fs-changed':
        'the source is on a different file system than in earlier runs (tmpfs, not ext4 12ab); is its disk mounted?',
    },
  },
  {
    name: 'a target without an id that had one',
    plan: given({target: {before: ['a']}}),
    halts: {'target-lost': 'this is not the target of earlier runs: it has no .dirsync/id.json; is its disk mounted?'},
  },
  {
    name: 'a target with the id of another',
    plan: given({target: {now: 'b', before: ['a']}}),
    halts: {
      'target-lost': 'this is not the target of earlier runs: a different one is at its path now; is the right disk mounted?',
    },
  },
  {
    name: 'a source on a file system of which one side knows the type alone',
    plan: given({sourceFileSystem: {now: 'ext4', before: ['xfs 1', 'ext4 12ab']}}),
    halts: {},
  },
  {
    name: 'notes that cannot be understood',
    plan: given({
      unread: [
        {file: '/state/\x1b', why: 'EACCES'},
        {file: '/target/.dirsync/id.json', why: 'it is not a file'},
      ],
    }),
    halts: {
      'memory-unreadable':
        'the record that identifies the target of earlier runs is not valid: /state/\\x1b (EACCES) and ' +
        '/target/.dirsync/id.json (it is not a file); is the right disk mounted? Then delete it, and dirsync starts a new one',
    },
  },
  {
    name: 'notes that this user may not read',
    plan: given({unread: [{file: '/state', why: 'EACCES'}]}),
    halts: {
      'memory-unreadable':
        'this user cannot read the record that identifies the target of earlier runs: /state (EACCES); if a run by root wrote it, ' +
        'root can give it to this user with chown',
    },
  },
  {
    name: 'a source that is the known target of the target',
    plan: given({reversed: true}),
    halts: {
      reversed:
        'earlier runs copied the other way, from /target to /source; are the two swapped? If you want to restore from the copy, allow this guard',
    },
  },
  mounted(
    'source',
    'a disk in the source that is missing',
    {now: ''},
    {
      'source-fs-changed': 'nothing is mounted at photos in the source any more (before, it was ext4 12ab); is its disk mounted?',
    },
  ),
  mounted(
    'target',
    'a disk in the target that is missing',
    {now: ''},
    {
      'target-lost': 'nothing is mounted at photos in the target any more (before, it was ext4 12ab); is its disk mounted?',
    },
  ),
  mounted(
    'source',
    'another disk in the source',
    {now: 'tmpfs'},
    {
      'source-fs-changed':
        'a different file system than before is mounted at photos in the source (tmpfs, not ext4 12ab); is the right disk mounted?',
    },
  ),
  mounted('target', 'a disk in the target as before', {now: 'ext4 12ab'}, {}),
  mounted('source', 'a disk in the source of which only the type is known', {now: 'ext4'}, {}),
  mounted('target', 'a disk in the target that is new', {now: 'tmpfs', before: []}, {}),
  mounted('source', 'a disk in the source that may be missing', {now: '', before: ['ext4 12ab', '']}, {}),
  mounted('source', 'a missing disk whose copy stays', {now: ''}, {}, [act.delete('photos2/a'), act.create('photos/a')]),
  mounted('source', 'a missing disk whose copy cannot be deleted', {now: ''}, {}, [act.blocked('photos/a')]),
  mounted('source', 'a mount point that goes with nothing on it', {now: ''}, {}, [act.rmdir('photos')]),
  mounted('target', 'a missing disk to which nothing is written', {now: ''}, {}, [act.create('photo'), act.upkeep('photos')]),
  mounted(
    'target',
    'a mounted file that is missing',
    {now: ''},
    {
      'target-lost': 'nothing is mounted at photos in the target any more (before, it was ext4 12ab); is its disk mounted?',
    },
    [act.update('photos', file(1), file(2))],
  ),
  {
    name: 'a folder that may not be written to',
    plan: given({notWritable: {count: 1, example: ROOT}}),
    halts: {'not-writable': 'a folder of the target cannot be written to: .'},
  },
  {
    name: 'folders that may not be written to',
    plan: given({notWritable: {count: 1200, example: 'a\x1b' as RelPath}}),
    halts: {'not-writable': '1,200 folders of the target cannot be written to: a\\x1b and others'},
  },
  {
    name: 'names that are one',
    plan: given({collisions: {count: 2, example: 'a/README' as RelPath}}),
    halts: {
      'name-collision':
        'the target does not distinguish upper and lower case, or two ways to write an accent: 2 names in the source would collide with ' +
        'another: a/README and others',
    },
  },
  {
    name: 'deletes of what other filters kept',
    plan: given({unfiltered: {count: 1, example: 'cache' as RelPath}}),
    halts: {
      'filters-changed':
        'the filters have changed since the last run, and a path that they protected would be deleted or overwritten: cache',
    },
  },
  {
    name: 'deletes for other filters, where what is left out is deleted',
    plan: planOf([], {
      facts: {unfiltered: {count: 2, example: 'cache' as RelPath}},
      options: {...header.options, deleteExcluded: true},
      totals: totals({}),
    }),
    halts: {
      'filters-changed':
        'the filters have changed since the last run, and 2 paths would be deleted because of that: cache and others',
    },
  },
  {name: 'times of most files', plan: touching(18, 20), halts: {}},
  {
    name: 'times of nearly all files',
    plan: touching(19, 20),
    halts: {
      'everything-changed':
        '19 of 20 files differ only in their times: did a clock or a time zone change? --checksum compares their content',
    },
  },
  {name: 'times of all of 19 files', plan: touching(19, 19), halts: {}},
  {name: 'times and sizes of all files', plan: touching(30, 30, ['size', 'mtime']), halts: {}},
  {name: 'room enough', plan: needing(4096 * 100, {free: 4096 * 100 + 2 * MIB}), halts: {}},
  {
    name: 'no room for the bytes',
    plan: needing(4096 * 1000, {free: 4096 * 999}),
    halts: {'no-space': 'the target does not have enough room: 5,145,600 bytes are needed and 4,091,904 are free'},
  },
  {name: 'room enough for what was measured', plan: needing(4096 * 1000, {free: 4096 * 999, needed: 4096}), halts: {}},
  {
    name: 'no room for the inodes',
    plan: needing(1, {free: MIB * 10, freeInodes: 5}),
    halts: {'no-space': 'the target does not have enough room: 33 inodes are needed and 5 are free'},
  },
  {
    name: 'no room until something is deleted',
    plan: needing(MIB, {free: MIB}, [act.delete('z', file(9 * MIB))]),
    halts: {
      'no-space':
        'the target does not have enough room: 2,098,176 bytes are needed and 1,048,576 are free; with --delete-before it would fit',
    },
  },
  {
    name: 'no room, whatever is deleted',
    plan: needing(9 * MIB, {free: MIB}, [act.delete('z', file(10))]),
    halts: {
      'no-space':
        'the target does not have enough room: 10,486,784 bytes are needed and 1,048,576 are free; not even --delete-before would make it fit',
    },
  },
  {
    name: 'no room for the inodes until something is deleted',
    plan: needing(1, {free: MIB * 10, freeInodes: 31}, [act.delete('z/a', file(0)), act.rmdir('z')]),
    halts: {
      'no-space': 'the target does not have enough room: 33 inodes are needed and 31 are free; with --delete-before it would fit',
    },
  },
  {
    name: 'no room for the inodes, whatever is deleted',
    plan: needing(1, {free: MIB * 10, freeInodes: 30}, [act.delete('z/a', file(0)), act.rmdir('z')]),
    halts: {
      'no-space':
        'the target does not have enough room: 33 inodes are needed and 30 are free; not even --delete-before would make it fit',
    },
  },
  {
    name: 'room enough for the inodes once something was deleted first',
    plan: withDeleteBefore(needing(1, {free: MIB * 10, freeInodes: 31}, [act.delete('z/a', file(0)), act.rmdir('z')])),
    halts: {},
  },
  {
    name: 'no room for the inodes, though something was deleted first',
    plan: withDeleteBefore(needing(1, {free: MIB * 10, freeInodes: 30}, [act.delete('z/a', file(0)), act.rmdir('z')])),
    halts: {'no-space': 'the target does not have enough room: 31 inodes are needed and 30 are free'},
  },
  {
    name: 'no room in a file system that is mounted in the target',
    plan: planOf([act.create('a', file(9 * MIB)), act.create('m/b', file(2 * MIB))], {
      facts: {
        space: [
          {at: ROOT, block: 4096, free: 100 * MIB},
          {at: 'm' as RelPath, block: 4096, free: MIB},
        ],
      },
    }),
    halts: {'no-space': 'm/ in the target does not have enough room: 3,146,752 bytes are needed and 1,048,576 are free'},
  },
];

/** A plan that deletes what was on a disk in a tree, or does what is given. */
function mounted(
  side: 'source' | 'target',
  name: string,
  {now, before = ['ext4 12ab']}: {readonly now: string; readonly before?: readonly string[]},
  halts: Case['halts'],
  actions: readonly Action[] = [act.delete('photos/a')],
): Case {
  const facts = {[`${side}Mounts`]: [{at: 'photos' as RelPath, now, before}]};
  return {name, plan: planOf(actions, {facts}), halts};
}

function given(facts: Facts): Plan {
  return planOf([act.create('a')], {facts});
}

function needing(bytes: number, space: {free: number; needed?: number; freeInodes?: number}, more: readonly Action[] = []): Plan {
  return planOf([act.create('a', file(bytes)), ...more], {
    facts: {space: [{at: ROOT, block: 4096, ...space}]},
    totals: totals({}),
  });
}

function withDeleteBefore({header: {options, ...fields}, actions}: Plan): Plan {
  return planOf(actions, {...fields, options: {...options, deleteBefore: true}});
}

function touching(count: number, leaves: number, reasons: readonly Reason[] = ['mtime']): Plan {
  const actions = Array.from({length: count}, (_, i): Action => ({...act.update(`f${i}`, file(1), file(1)), reasons}) as Action);
  return planOf(actions, {totals: totals({source: leaves, leaves})});
}

function totals({
  source = 100,
  leaves = 100,
  entries = leaves,
}: {
  source?: number;
  leaves?: number;
  entries?: number;
}): PlanHeader['totals'] {
  return {
    source: {...header.totals.source, entries: source, leaves: source},
    target: {...header.totals.target, entries, leaves},
  };
}

function deleting(count: number, maxDelete: MaxDelete, leaves: number): Plan {
  const actions = Array.from({length: count}, (_, i): Action => act.delete(`f${i}`));
  return planOf(actions, {options: {...header.options, maxDelete}, totals: totals({leaves})});
}

describe('plan/guards', () => {
  for (const {name, plan, halts} of cases) {
    it(name, () => {
      const found = guardHalts(plan, []).map(({guard, message}) => [guard, message]);
      expect(Object.fromEntries(found)).to.deep.equal(halts);
    });
  }

  it('marks allowed guards and keeps the order', () => {
    const plan = planOf([act.delete('a')], {overlap: 'same', sourceMissing: true, totals: totals({source: 0})});
    const halts = guardHalts(plan, ['source-empty', 'same-tree']).map(({guard, allowed}) => [guard, allowed]);
    expect(halts).to.deep.equal([
      ['same-tree', true],
      ['source-missing', false],
      ['source-empty', true],
    ]);
  });

  it('halts above half of the target by default', () => {
    expect(DEFAULT_MAX_DELETE).to.deep.equal({share: 0.5});
  });

  it('halts for guards that are not allowed, and names all of them', () => {
    const halt = (guard: GuardName, allowed: boolean) => ({guard, message: `${guard} it is`, allowed});
    expect(() => checkHalts([])).not.to.throw();
    expect(() => checkHalts([halt('same-tree', true)])).not.to.throw();
    let found: unknown;
    try {
      checkHalts([halt('same-tree', true), halt('source-empty', false), halt('no-space', false)]);
    } catch (error) {
      found = error;
    }
    expect(found).to.include({
      code: 'GUARD_HALTED',
      exitCode: 5,
      detail: 'source-empty: source-empty it is, and no-space',
      hint: 'if this is intended, add --allow source-empty --allow no-space',
    });
  });
});
