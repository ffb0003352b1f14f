import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import fc from 'fast-check';
import {explainPath} from '../../../src/app/inspect/explain.js';
import {applyPlanned} from '../../../src/app/sync/apply.js';
import {judge} from '../../../src/app/sync/plan.js';
import type {Settings} from '../../../src/config/settings.js';
import {type Action, isCarried, isUpkeep} from '../../../src/core/action.js';
import type {Explanation} from '../../../src/core/explanation.js';
import {isWithin, type RelPath} from '../../../src/core/path.js';
import {narrow} from '../../../src/plan/narrow.js';
import {Selection} from '../../../src/plan/selection.js';
import {explanationSentence, explanationText} from '../../../src/report/text/explain.js';
import {planMoves} from '../../support/move-plans.js';
import {skip} from '../../support/skip.js';
import {context, planTrees, settings, syncTrees} from '../../support/sync.js';
import {removeTree, tempDirs} from '../../support/temp.js';
import {arbitraryTree, dir, fifo, file, hardlink, type Leaf, symlink, type Tree, toLeaf, writeTree} from '../../support/tree.js';

interface Case {
  readonly title: string;
  readonly source: Tree;
  readonly target: Tree;
  readonly settings?: Partial<Settings>;
  readonly path: string;
  readonly says: string;
  readonly also?: Partial<Explanation>;
}

const late = 1_700_000_000_500_000_000n;
const exclude = (value: string): Partial<Settings> => ({filters: [{flag: 'exclude', value}]});
const other = process.geteuid?.() === 0 ? 4321 : undefined;

const CASES: readonly Case[] = [
  {title: 'a new file', source: {a: 'x'}, target: {}, path: 'a', says: 'a will be created: the target does not have it.'},
  {
    title: 'a file in a new folder',
    source: {d: {a: 'x'}},
    target: {},
    path: 'd/a',
    says: 'd/a will be created: the target does not have it.',
  },
  {
    title: 'a folder with changes below',
    source: {d: {a: 'x'}},
    target: {},
    path: 'd/',
    says: 'd/ will be created: the target does not have it.',
    also: {below: {changes: 1, problems: 0}},
  },
  {title: 'other content', source: {a: 'xy'}, target: {a: 'x'}, path: 'a', says: 'a will be updated: size 1 → 2.'},
  {title: 'another kind', source: {a: 'x'}, target: {a: {}}, path: 'a', says: 'a will be replaced: folder → file.'},
  {
    title: 'what goes with a replaced folder',
    source: {a: 'x'},
    target: {a: {b: ''}},
    path: 'a/b',
    says: 'a/b will be deleted: the source does not have it.',
  },
  {
    title: 'metadata',
    source: {a: file('x', {mode: 0o600})},
    target: {a: 'x'},
    path: 'a',
    says: 'a will be changed only in its attributes: mode 0644 → 0600.',
  },
  {
    title: 'a hard link',
    source: {a: 'x', b: hardlink('a')},
    target: {a: 'x'},
    path: 'b',
    says: 'b will be made a hard link to a.',
    also: {leader: 'a' as RelPath},
  },
  {
    title: 'another name of a file whose mode changes',
    source: {a: file('x', {mode: 0o600}), b: hardlink('a')},
    target: {a: 'x', b: hardlink('a')},
    path: 'b',
    says: 'b changes with a: both are names of one file.',
  },
  {title: 'gone', source: {}, target: {a: 'x'}, path: 'a', says: 'a will be deleted: the source does not have it.'},
  {
    title: 'a folder in which something changes',
    source: {d: {a: 'x'}},
    target: {d: {}},
    path: 'd',
    says: 'd/ is not changed itself, but its contents are; its times will be restored.',
  },
  {
    title: 'the root',
    source: {a: 'x'},
    target: {},
    path: '.',
    says: './ is not changed itself, but its contents are; its times will be restored.',
  },
  {
    title: 'equal files',
    source: {a: 'x'},
    target: {a: 'x'},
    path: './a',
    says: 'a is not in the plan: both sides are the same.',
    also: {notes: []},
  },
  {
    title: 'times within the window',
    source: {a: 'x'},
    target: {a: file('x', {mtime: late})},
    settings: {mtimeWindow: 1_000_000_000n},
    path: 'a',
    says: 'a is not in the plan: both sides are the same.',
    also: {notes: ['within-window']},
  },
  {
    title: 'equal sizes',
    source: {a: 'x'},
    target: {a: 'y'},
    settings: {compare: 'size'},
    path: 'a',
    says: 'a is not in the plan: both sides are the same.',
    also: {notes: ['size-only']},
  },
  {
    title: 'left out by the command line',
    source: {'a.o': 'x'},
    target: {},
    settings: exclude('*.o'),
    path: 'a.o',
    says: 'a.o is left out by command line or config: *.o.',
  },
  {
    title: 'below a folder that is left out',
    source: {d: {'.dirsyncignore': '# x\ne/', e: {f: {g: ''}}}},
    target: {},
    path: 'd/e/f/g',
    says: 'd/e/f/g is left out by d/.dirsyncignore:2: e/ (matches d/e/).',
  },
  {
    title: 'protected in the target',
    source: {'.dirsyncignore': '*.o\n'},
    target: {'a.o': 'x'},
    path: 'a.o',
    says: 'a.o stays in the target: a filter protects it, .dirsyncignore:1: *.o.',
  },
  {
    title: 'left out, and to be deleted',
    source: {a: '', 'a.o': 'new'},
    target: {a: '', 'a.o': 'x'},
    settings: {...exclude('*.o'), deleteExcluded: true},
    path: 'a.o',
    says: 'a.o will be deleted: a filter leaves it out (--delete-excluded).',
    also: {notes: []},
  },
  {
    title: 'left out, and not in the target, where such is deleted',
    source: {a: '', 'a.o': 'new'},
    target: {a: ''},
    settings: {...exclude('*.o'), deleteExcluded: true},
    path: 'a.o',
    says: 'a.o is left out by command line or config: *.o.',
  },
  {
    title: 'left out, to be deleted, and left out of the plan',
    source: {a: '', 'a.o': 'x'},
    target: {a: '', 'a.o': 'x'},
    settings: {...exclude('*.o'), deleteExcluded: true, narrow: {only: [], except: ['a.o'], kinds: []}},
    path: 'a.o',
    says: 'a.o is not in the plan: its change was left out.',
  },
  {
    title: 'left out by a tag',
    source: {d: {'.no': '', e: {a: ''}}},
    target: {},
    settings: {excludeIfPresent: ['.no']},
    path: 'd/e/a',
    says: 'd/e/a is left out by the tag d/.no.',
    also: {filter: {excluded: true, tag: 'd/.no' as RelPath, at: 'd/e' as RelPath}},
  },
  {
    title: 'protected by a tag',
    source: {d: {'.no': '', a: 'x'}},
    target: {d: {a: ''}},
    settings: {excludeIfPresent: ['.no']},
    path: 'd/a',
    says: 'd/a stays in the target: a filter protects it, the tag d/.no.',
  },
  {
    title: 'a large file',
    source: {a: 'x'.repeat(2000)},
    target: {a: ''},
    settings: {maxSize: 1999},
    path: 'a',
    says: 'a is not in the plan: --min-size or --max-size leave files of 2 KiB alone, on both sides.',
    also: {verdict: 'other-size'},
  },
  {
    title: 'a large file that both sides have',
    source: {a: 'xx'},
    target: {a: 'xx'},
    settings: {maxSize: 1},
    path: 'a',
    says: 'a is not in the plan: both sides are the same.',
  },
  {
    title: 'a folder that holds what is protected',
    source: {'.dirsyncignore': '*.o\n'},
    target: {d: {a: '', e: {'a.o': 'x'}}},
    path: 'd',
    says: 'd/ stays in the target: it contains d/e/a.o, which a filter protects.',
  },
  {
    title: 'a folder that stands where a file is to be',
    source: {d: 'x'},
    target: {d: {'a.o': 'x', b: ''}},
    settings: exclude('*.o'),
    path: 'd',
    says: 'd stays as it is: it contains entries that a filter leaves out, so it is kept; change the filter, or delete those entries by hand.',
  },
  {
    title: 'below a folder that stays',
    source: {d: 'x'},
    target: {d: {'a.o': 'x', b: ''}},
    settings: exclude('*.o'),
    path: 'd/b',
    says: 'd/b stays as it is: d: it contains entries that a filter leaves out, so it is kept; change the filter, or delete those entries by hand.',
  },
  {
    title: 'where filters cannot be read',
    source: {d: {'.dirsyncignore': dir({})}},
    target: {d: {a: 'x'}},
    path: 'd/a',
    says: 'd/a stays as it is: d/.dirsyncignore could not be read in the source (EISDIR).',
  },
  {
    title: 'a FIFO that is not to be kept',
    source: {a: fifo()},
    target: {},
    settings: {preserve: []},
    path: 'a',
    says: 'a is not in the plan: a FIFO cannot be made here, or is not kept; the target is not changed at this path.',
  },
  {
    title: '--no-delete',
    source: {},
    target: {a: 'x'},
    settings: {delete: false},
    path: 'a',
    says: 'a stays in the target: the source does not have it, and --no-delete keeps it.',
  },
  {title: 'nothing', source: {}, target: {}, path: 'a/b', says: 'a/b does not exist on either side.'},
  {
    title: 'a name that is too long',
    source: {},
    target: {},
    path: 'a'.repeat(300),
    says: `${'a'.repeat(300)} does not exist on either side.`,
  },
  {
    title: 'nothing behind a symlink',
    source: {l: symlink('/etc')},
    target: {},
    path: 'l/passwd',
    says: 'l/passwd does not exist on either side.',
  },
  {
    title: 'nothing that a filter would leave out',
    source: {},
    target: {},
    settings: exclude('d/'),
    path: 'd/',
    says: 'd does not exist on either side.',
    also: {filter: {excluded: true, at: 'd' as RelPath, rule: {from: '', line: 1, pattern: 'd/'}}},
  },
  {
    title: "dirsync's own",
    source: {},
    target: {'.dirsync': {lock: ''}},
    path: '.dirsync/lock',
    says: '.dirsync/lock belongs to dirsync and is never part of a tree.',
  },
  {
    title: 'a name that no command line can carry',
    source: {'x\udcff\n': 'x'},
    target: {},
    path: 'x\\xff\\n',
    says: 'x\\xff\\n will be created: the target does not have it.',
  },
  {
    title: 'a name that looks like an escaped one',
    source: {'x\\n': 'x', 'x\n': 'y'},
    target: {'x\n': 'y'},
    path: 'x\\n',
    says: 'x\\\\n will be created: the target does not have it.',
  },
  {
    title: 'a hostile name',
    source: {'\x1b[31m\u202e': 'x'},
    target: {},
    path: '\x1b[31m\u202e',
    says: '\\x1b[31m\\u202e will be created: the target does not have it.',
  },
];

describe('app/inspect/explain', () => {
  const temp = tempDirs();

  function pair(source: Tree | Leaf, target: Tree | Leaf) {
    const root = temp();
    const made = {root, source: path.join(root, 'source'), target: path.join(root, 'target')};
    writeTree(made.source, source);
    writeTree(made.target, target);
    return made;
  }

  for (const {title, source, target, settings: overrides, path: asked, says, also = {}} of CASES) {
    it(title, async () => {
      const made = pair(source, target);
      const explanation = await explainPath({
        path: asked,
        planned: await planTrees(settings(made.source, made.target, overrides)),
      });
      expect(explanationSentence(explanation)).to.equal(says);
      expect(explanation).to.deep.include(also);
    });
  }

  it('names the folders above that come, go or are replaced', async () => {
    const made = pair({a: {b: {c: 'x'}}, d: 'x'}, {a: 'x', d: {e: {f: ''}}});
    const planned = await planTrees(settings(made.source, made.target));
    const above = async (at: string) => (await explainPath({path: at, planned})).above.map(({kind, path}) => `${kind} ${path}`);
    expect(await above('a/b/c')).to.deep.equal(['replace a', 'mkdir a/b']);
    expect(await above('d/e/f')).to.deep.equal(['replace d', 'rmdir d/e']);
    expect(await above('d')).to.deep.equal([]);
  });

  it('tells of an owner that is not kept, and of the guards', async function () {
    if (other === undefined) skip(this, 'only root may give a file to another user');
    const made = pair({a: file('x', {uid: other, gid: other})}, {a: 'x'});
    const {plan} = await planTrees(settings(made.source, made.target));
    const {header} = plan;
    const asUser = {
      ...plan,
      actions: [],
      header: {...header, overlap: 'same' as const, options: {...header.options, owner: false, groups: []}},
    };
    const {verdict, notes, halts} = await explainPath({path: 'a', planned: judge(asUser, [])});
    expect([verdict, notes, halts.map(({guard}) => guard)]).to.deep.equal([
      'equal',
      ['owner-not-kept', 'group-not-kept'],
      ['same-tree'],
    ]);
  });

  describe('what moves', () => {
    const photos = {a: 'one', b: 'two', sub: {c: 'three'}};
    const source: Tree = {new: {x: {...photos, b: 'changed', fresh: 'n'}}, first: '1', second: '2'};
    const target: Tree = {old: {x: {...photos, gone: 'g'}}, first: '2', second: '1'};
    const moves = [
      ['old/x', 'new/x'],
      ['first', 'second'],
      ['second', 'first'],
    ] as const;
    const cases: readonly (readonly [path: string, says: string, lines?: readonly string[]])[] = [
      ['new/x', 'new/x/ will be moved from old/x/.', ['Below  3 changes']],
      ['old/x/', 'new/x/ will be moved from old/x/.'],
      ['new/x/a', 'new/x/a moves with its folder: old/x/ → new/x/.', ['Target  now old/x/a']],
      ['old/x/a', 'new/x/a moves with its folder: old/x/ → new/x/.'],
      ['old/x/sub/c', 'new/x/sub/c moves with its folder: old/x/ → new/x/.', ['Target  now old/x/sub/c']],
      ['old/x/sub', 'new/x/sub/ moves with its folder: old/x/ → new/x/.'],
      ['old/x/b', 'new/x/b will be updated: size 3 → 7.', ['Target  now old/x/b']],
      ['old/x/gone', 'new/x/gone will be deleted: the source does not have it.'],
      ['new/x/fresh', 'new/x/fresh will be created: the target does not have it.', ['Above  → move new/x/  from old/x/']],
      ['old', 'old/ will be deleted: the source does not have it.', ['Below  1 change']],
      ['first', 'first will be moved from second.', ['Target  what is at this path now moves to second']],
      ['second', 'second will be moved from first.', ['Target  what is at this path now moves to first']],
    ];
    it('is explained by both paths, with all that is in it', async () => {
      const made = pair(source, target);
      const planned = judge(await planMoves({...made, moves}), []);
      for (const [at, says, lines = []] of cases) {
        const explanation = await explainPath({path: at, planned});
        expect(explanationSentence(explanation), at).to.equal(says);
        expect(explanation.notes, at).to.not.include('drifted');
        const rows = explanationText(explanation, false)
          .split('\n')
          .map((row) => row.replace(/ {2,}/g, '  '));
        for (const line of lines) expect(rows, at).to.include(line);
        if (at === 'new/x/fresh') expect(explanation.from).to.equal(undefined);
      }
    });

    it('is explained by its last run too, at both paths', async () => {
      const made = pair(source, target);
      const plan = await planMoves({...made, moves});
      const {runId} = await applyPlanned(judge(plan, []), settings(made.source, made.target), context());
      const planned = await planTrees(settings(made.source, made.target));
      for (const [at, says] of [
        ['new/x', 'move done, old/x → new/x'],
        ['old/x', 'move done, old/x → new/x'],
        ['old/x/a', 'move done, old/x → new/x'],
        ['new/x/a', 'move done, old/x → new/x'],
        ['new/x/b', 'update done'],
      ] as const) {
        const text = explanationText(await explainPath({path: at, planned}), false);
        expect(text, at).to.match(new RegExp(`^Last run  ${runId}, .*: ${says}$`, 'm'));
      }
    });
  });

  it('says what somebody else did to the target, apart from what is done', async () => {
    const made = pair({a: 'xy'}, {a: 'x', b: 'x'});
    const {plan} = await planTrees(settings(made.source, made.target));
    const actions = plan.actions.map(
      (action): Action => ({...action, targetDrift: action.kind === 'delete' ? 'added' : 'changed'}),
    );
    const planned = judge({...plan, actions}, []);
    for (const [at, says, drift] of [
      ['a', 'a will be updated: size 1 → 2.', 'changed in the target since the last run'],
      ['b', 'b will be deleted: the source does not have it.', 'added in the target since the last run'],
    ] as const) {
      const explanation = await explainPath({path: at, planned});
      expect(explanationSentence(explanation)).to.equal(says);
      expect(explanationText(explanation, false)).to.match(new RegExp(`^Target  ${drift}$`, 'm'));
    }
  });

  it('names the last run that did something at the path', async () => {
    const made = pair({d: {a: 'x'}, same: 'x'}, {same: 'x'});
    const {runId} = await syncTrees(settings(made.source, made.target));
    const planned = await planTrees(settings(made.source, made.target));
    const {lastRun} = await explainPath({path: 'd/a', planned});
    expect(lastRun?.header.id).to.equal(runId);
    expect(lastRun?.step).to.deep.equal({kind: 'create', path: 'd/a', status: 'done', bytes: 1});
    expect((await explainPath({path: 'same', planned})).lastRun).to.equal(undefined);
  });

  describe('a plan made before', () => {
    it('a change that was left out', async () => {
      const made = pair({a: 'x', b: 'x'}, {b: ''});
      const {plan} = await planTrees(settings(made.source, made.target));
      const selection = new Selection(plan.actions, plan.header.options);
      selection.leaveOut(1, 2);
      const planned = judge(narrow(plan, {selection, id: 'narrow'}), []);
      expect((await explainPath({path: 'a', planned})).verdict).to.equal('narrowed');
      expect((await explainPath({path: 'b', planned})).verdict).to.equal('changed');
    });

    it('what changed since', async () => {
      const made = pair({a: 'x', b: 'x', c: 'x'}, {a: 'x', d: 'x'});
      const planned = await planTrees(settings(made.source, made.target));
      writeTree(made.source, {a: 'xy', new: 'x'});
      fs.rmSync(path.join(made.source, 'b'));
      fs.rmSync(path.join(made.target, 'd'));
      const verdicts = await Promise.all(
        ['a', 'b', 'c', 'd', 'new'].map(async (at) => {
          const {verdict, notes} = await explainPath({path: at, planned});
          return [at, verdict, ...notes].join(' ');
        }),
      );
      expect(verdicts).to.deep.equal(['a drifted', 'b changed drifted', 'c changed', 'd changed drifted', 'new drifted']);
    });

    it('a root that is gone', async () => {
      const made = pair({a: 'x'}, {});
      const planned = await planTrees(settings(made.source, made.target));
      removeTree(made.source);
      const {verdict, notes, source} = await explainPath({path: 'a', planned});
      expect([verdict, notes, source.entry]).to.deep.equal(['changed', ['drifted'], undefined]);
    });
  });

  it('law: the verdict says of every path of either tree what the plan does', async function () {
    this.timeout(300_000);
    const lines = fc.array(fc.constantFrom('a', '!a', '/b', 'a/', 'a.b', '*b', '!/a'), {maxLength: 2});
    const compare = fc.constantFrom<Settings['compare']>('metadata', 'size', 'content');
    await fc.assert(
      fc.asyncProperty(
        arbitraryTree,
        arbitraryTree,
        lines,
        lines,
        fc.boolean(),
        compare,
        async (a, b, rules, flags, remove, compare) => {
          const made = pair({...a, ...(rules.length > 0 && {'.dirsyncignore': rules.join('\n')})}, b);
          const filters = flags.map((value) => ({flag: 'exclude', value}) as const);
          const planned = await planTrees(settings(made.source, made.target, {filters, delete: remove, compare}));
          const {actions, problems} = planned.plan;
          for (const at of new Set([...pathsOf(a), ...pathsOf(b)])) {
            const action = actions.find((action) => action.path === at);
            const {verdict, notes, ...found} = await explainPath({path: path.join(made.source, at), planned});
            if (found.path !== at) {
              const leads = (action: Action) =>
                isCarried(action) && isWithin(at, action.from) && isWithin(found.path, action.path);
              expect(actions.some(leads), at).to.equal(true);
              continue;
            }
            expect(found.action, at).to.equal(action);
            expect(verdict === 'changed', at).to.equal(action !== undefined && !isUpkeep(action));
            expect(verdict === 'upkeep', at).to.equal(action !== undefined && isUpkeep(action));
            expect(verdict, at).not.to.be.oneOf(['drifted', 'nowhere', 'narrowed', 'own']);
            expect(notes, at).not.to.include('drifted');
            if (verdict === 'blocked')
              expect(
                problems.some((problem) => isWithin(at, problem.path)),
                at,
              ).to.equal(true);
            if (verdict === 'protected' || verdict === 'left-out') expect(found.filter.excluded, at).to.equal(true);
            if (verdict === 'holds') expect(isWithin(found.holds as RelPath, at), at).to.equal(true);
          }
          removeTree(`${made.root}/source`);
          removeTree(`${made.root}/target`);
        },
      ),
      {numRuns: Number(process.env.LAW_RUNS ?? 25)},
    );
  });
});

function pathsOf(tree: Tree, above = ''): RelPath[] {
  return Object.entries(tree).flatMap(([name, node]) => {
    const at = `${above}${name}`;
    return [at as RelPath, ...pathsOf(toLeaf(node).tree, `${at}/`)];
  });
}
