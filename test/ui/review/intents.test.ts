import {expect} from 'chai';
import fc from 'fast-check';
import {type Action, isUpkeep} from '../../../src/core/action.js';
import type {RelPath} from '../../../src/core/path.js';
import type {Halt} from '../../../src/core/plan.js';
import {narrow} from '../../../src/plan/narrow.js';
import type {Intent, ReviewOptions} from '../../../src/ui/review/intents.js';
import {chosen, type Effect, GROUPS, type Mode, type ReviewState, totalsOf} from '../../../src/ui/review/state.js';
import {TOP} from '../../../src/ui/review/tree.js';
import {actions as anyActions} from '../../support/arbitrary.js';
import {act, file, planOf} from '../../support/plan.js';
import {openPlan, play, rowTexts} from '../../support/review.js';

const PLAN = planOf([
  act.upkeep(''),
  act.mkdir('docs'),
  act.create('docs/a.md', file(10)),
  act.create('docs/b.md', file(20)),
  act.rmdir('old'),
  act.delete('old/x', file(30)),
  act.delete('old/y', file(40)),
  act.update('z', file(1), file(2)),
]);
const link: Action = {kind: 'link', path: 'k' as RelPath, leader: 'a' as RelPath, after: file(), reasons: ['hardlink']};
const FLAT = planOf(Array.from({length: 30}, (_, i) => act.create(`f${String(i).padStart(2, '0')}`)));
const DEEP = planOf(
  Array.from({length: 300}, (_, i) => act.create(`d${i % 3}/${String(i).padStart(3, '0')}`)).sort((a, b) =>
    a.path < b.path ? -1 : 1,
  ),
);

const down = (by = 1): Intent => ({type: 'move', by});
const type = (name: 'expand' | 'collapse' | 'open' | 'toggle' | 'back' | 'sort' | 'search' | 'details' | 'help' | 'notes') =>
  ({type: name}) as const;
const key = (
  name: 'other-end' | 'target-drift' | 'apply' | 'save' | 'export' | 'quit' | 'yes' | 'no' | 'erase' | 'enter' | 'first' | 'last',
) => ({type: name}) as const;
const all = (name: 'expand-all' | 'collapse-all') => ({type: name}) as const;
const kinds = (name?: (typeof GROUPS)[number]['name']): Intent => ({
  type: 'kinds',
  group: name === undefined ? undefined : GROUPS.findIndex((group) => group.name === name),
});
const text = (typed: string): Intent => ({type: 'text', text: typed});
const found = (query: string, ...places: number[]): Intent => ({
  type: 'filtered',
  text: query,
  found: Uint8Array.from(PLAN.actions, (_, i) => (places.includes(i) ? 1 : 0)),
});
const halt = (guard: Halt['guard'], allowed = false): Halt => ({guard, allowed, message: 'because'});

const BROWSE: Mode = {type: 'browse'};
const NOTHING_MATCHES = 'Nothing matches. Esc shows all changes again.';

interface Case {
  readonly name: string;
  readonly plan?: typeof PLAN;
  readonly options?: Partial<ReviewOptions>;
  readonly intents: readonly Intent[];
  readonly rows?: readonly string[];
  readonly cursor?: number;
  readonly top?: number;
  readonly mode?: Mode;
  readonly notice?: string | undefined;
  readonly effects?: readonly Effect[];
  /** Any other fields of the state. */
  readonly state?: Partial<ReviewState>;
}

const CASES: Readonly<Record<string, readonly Case[]>> = {
  'moving and scrolling': [
    {
      name: 'a small plan is opened whole, by impact, with the cursor at the top',
      intents: [],
      rows: [
        '> [x] /',
        '  [x]   old/',
        '  [x]     old/y',
        '  [x]     old/x',
        '  [x]   docs/',
        '  [x]     docs/b.md',
        '  [x]     docs/a.md',
        '  [x]   z',
      ],
    },
    {name: 'a large one shows its top', plan: DEEP, intents: [], rows: ['> [x] /', '  [x]   d0/', '  [x]   d1/', '  [x]   d2/']},
    {name: 'down and up', intents: [down(), down(), down(-1)], cursor: 1},
    {name: 'not above the first', intents: [down(-5)], cursor: 0},
    {name: 'not below the last', intents: [down(100)], cursor: 7},
    {name: 'the last and the first row', intents: [key('last'), key('first')], cursor: 0},
    {name: 'the screen follows the cursor down', plan: FLAT, intents: [down(12)], cursor: 12, top: 3},
    {name: 'and up', plan: FLAT, intents: [down(12), down(-10)], cursor: 2, top: 2},
    {name: 'and stays while the cursor is in sight', plan: FLAT, intents: [down(12), down(-5)], cursor: 7, top: 3},
    {name: 'a page keeps a row of the last one', plan: FLAT, intents: [{type: 'page', by: 1}], cursor: 9, top: 0},
    {name: 'the end fills the screen', plan: FLAT, intents: [key('last')], cursor: 30, top: 21},
    {
      name: 'a smaller screen keeps the cursor in sight',
      plan: FLAT,
      intents: [down(8), {type: 'resize', height: 4}],
      cursor: 8,
      top: 5,
    },
    {
      name: 'a larger one leaves nothing free',
      plan: FLAT,
      intents: [key('last'), {type: 'resize', height: 25}],
      cursor: 30,
      top: 6,
    },
  ],
  'opening and closing': [
    {
      name: 'left closes a folder, then goes to the one above',
      intents: [down(), type('collapse')],
      rows: ['  [x] /', '> [x]   old/', '  [x]   docs/', '  [x]     docs/b.md', '  [x]     docs/a.md', '  [x]   z'],
    },
    {name: 'left in a folder goes to its line', intents: [down(3), type('collapse')], cursor: 1},
    {name: 'left at the top stays', intents: [type('collapse')], cursor: 0},
    {name: 'right on an open folder goes into it', intents: [down(), type('expand')], cursor: 2},
    {name: 'right on a file does nothing', intents: [down(2), type('expand')], cursor: 2},
    {name: 'right opens again', intents: [down(), type('collapse'), type('expand')], cursor: 1, state: {}},
    {
      name: 'Enter closes and opens a folder',
      intents: [down(), type('open')],
      rows: ['  [x] /', '> [x]   old/', '  [x]   docs/', '  [x]     docs/b.md', '  [x]     docs/a.md', '  [x]   z'],
    },
    {name: 'Enter on a file shows it', intents: [down(2), type('open')], mode: {type: 'content', top: 0}},
    {
      name: 'all closed: the cursor is on what holds it',
      intents: [down(5), all('collapse-all')],
      rows: ['  [x] /', '  [x]   old/', '> [x]   docs/', '  [x]   z'],
    },
    {
      name: 'all open, below the cursor only',
      intents: [down(5), all('collapse-all'), all('expand-all')],
      rows: ['  [x] /', '  [x]   old/', '> [x]   docs/', '  [x]     docs/b.md', '  [x]     docs/a.md', '  [x]   z'],
    },
    {
      name: 'a chain of folders is one row',
      plan: planOf([act.create('a/b/c/x'), act.create('a/b/c/y')]),
      intents: [],
      rows: ['> [x] /', '  [x]   a/b/c/', '  [x]     a/b/c/x', '  [x]     a/b/c/y'],
    },
    {
      name: 'the other orders keep the cursor where it is',
      intents: [down(), type('sort')],
      notice: 'Sorted by name.',
      rows: [
        '  [x] /',
        '  [x]   docs/',
        '  [x]     docs/a.md',
        '  [x]     docs/b.md',
        '> [x]   old/',
        '  [x]     old/x',
        '  [x]     old/y',
        '  [x]   z',
      ],
    },
    {name: 'three orders take turns', intents: [type('sort'), type('sort'), type('sort')], state: {sort: 'impact'}},
  ],
  choosing: [
    {
      name: 'a new folder takes along what is in it',
      intents: [down(4), type('toggle')],
      notice: '3 changes left out.',
      state: {isUnsaved: true},
      rows: [
        '  [-] /',
        '  [x]   old/',
        '  [x]     old/y',
        '  [x]     old/x',
        '> [ ]   docs/',
        '  [ ]     docs/b.md',
        '  [ ]     docs/a.md',
        '  [x]   z',
      ],
    },
    {
      name: 'a delete that is left out keeps its folder, and says so',
      intents: [down(2), type('toggle')],
      notice: '1 change left out, and 1 more that depends on it.',
      rows: [
        '  [-] /',
        '  [-]   old/',
        '> [ ]     old/y',
        '  [x]     old/x',
        '  [x]   docs/',
        '  [x]     docs/b.md',
        '  [x]     docs/a.md',
        '  [x]   z',
      ],
    },
    {
      name: 'what is taken in brings what it needs',
      intents: [down(4), type('toggle'), down(), type('toggle')],
      notice: '1 change included, and 1 more that it depends on.',
    },
    {
      name: 'a leader takes its links along',
      plan: planOf([act.create('a'), link, {...link, path: 'l' as RelPath}]),
      intents: [down(), type('toggle')],
      notice: '1 change left out, and 2 more that depend on it.',
    },
    {
      name: 'and a link brings it back',
      plan: planOf([act.create('a'), link, {...link, path: 'l' as RelPath}]),
      intents: [down(), type('toggle'), down(), type('toggle')],
      notice: '1 change included, and 1 more that it depends on.',
    },
    {
      name: 'a part of a folder that is in is left out',
      intents: [down(2), type('toggle'), type('collapse'), type('toggle')],
      notice: '1 change left out.',
    },
    {name: 'twice is as before', intents: [type('toggle'), type('toggle')], notice: '7 changes included.'},
    {
      name: 'what a filter hides is not meant',
      intents: [kinds('delete'), type('toggle'), kinds()],
      notice: undefined,
      rows: [
        '> [-] /',
        '  [ ]   old/',
        '  [ ]     old/y',
        '  [ ]     old/x',
        '  [x]   docs/',
        '  [x]     docs/b.md',
        '  [x]     docs/a.md',
        '  [x]   z',
      ],
    },
    {
      name: 'what a filter shows is what was asked for, also what would have followed',
      intents: [kinds('create'), type('toggle')],
      notice: '3 changes left out.',
    },
    {
      name: 'what it hides follows',
      plan: planOf([act.create('a'), link]),
      intents: [kinds('create'), type('toggle')],
      notice: '1 change left out, and 1 more that depends on it.',
    },
    {
      name: 'where nothing is shown, nothing is chosen',
      intents: [kinds('link'), type('toggle')],
      notice: NOTHING_MATCHES,
      rows: [],
      state: {isUnsaved: false},
    },
  ],
  'kinds and searches': [
    {name: 'the first key shows one kind alone', intents: [kinds('update')], rows: ['> [x] /', '  [x]   z']},
    {
      name: 'more keys add others',
      intents: [kinds('update'), kinds('create'), all('collapse-all')],
      rows: ['> [x] /', '  [x]   docs/', '  [x]   z'],
    },
    {
      name: 'the same key again takes one away',
      intents: [kinds('update'), kinds('create'), kinds('create')],
      rows: ['> [x] /', '  [x]   z'],
    },
    {name: 'none left is all', intents: [kinds('update'), kinds('update')], cursor: 0, state: {}},
    {name: '0 shows all', intents: [kinds('update'), kinds()], cursor: 0},
    {name: 'a kind that the plan has not', intents: [kinds('link')], rows: [], notice: NOTHING_MATCHES},
    {
      name: 'nothing moves where there is nothing',
      intents: [kinds('link'), down(), type('expand'), type('collapse'), all('expand-all')],
      rows: [],
      cursor: 0,
    },
    {name: 'the cursor stays on what is still shown', intents: [down(5), kinds('create')], cursor: 2},
    {name: 'else on the folder above', intents: [down(2), kinds('create')], cursor: 0},
    {
      name: 'a search asks for its text',
      intents: [type('search'), text('a'), text('.md')],
      mode: {type: 'input', purpose: 'search', text: 'a.md'},
    },
    {
      name: 'which is looked for outside',
      intents: [type('search'), text('md'), key('enter')],
      mode: BROWSE,
      effects: [{type: 'filter', text: 'md'}],
    },
    {name: 'Esc searches nothing', intents: [type('search'), text('md'), type('back')], mode: BROWSE},
    {
      name: 'what was found is shown, and opened',
      intents: [all('collapse-all'), found('b', 3)],
      state: {query: 'b'},
      rows: ['> [x] /', '  [x]   docs/', '  [x]     docs/b.md'],
    },
    {name: 'nothing found says so', intents: [found('nix')], rows: [], notice: NOTHING_MATCHES},
    {
      name: 'the text is there to be changed',
      intents: [found('b', 3), type('search')],
      mode: {type: 'input', purpose: 'search', text: 'b'},
    },
    {
      name: 'Esc shows all again; folders without a find stay closed',
      intents: [all('collapse-all'), found('b', 3), type('back')],
      state: {query: '', found: undefined},
      rows: ['> [x] /', '  [x]   old/', '  [x]   docs/', '  [x]     docs/b.md', '  [x]     docs/a.md', '  [x]   z'],
    },
    {
      name: 'Esc where all is shown never leaves',
      intents: [type('back')],
      effects: [],
      mode: BROWSE,
      notice: 'All changes are shown. Press q to quit the review.',
    },
    {name: 'the details are hidden', intents: [type('details')], state: {hasDetails: false}},
    {name: 'and shown again', intents: [type('details'), type('details')], state: {hasDetails: true}},
  ],
  pages: [
    {name: 'help', intents: [type('help')], mode: {type: 'help', top: 0}},
    {name: 'notes', intents: [type('notes')], mode: {type: 'notes', top: 0}},
    {name: 'scroll', intents: [type('help'), down(3), down(-1)], mode: {type: 'help', top: 2}},
    {name: 'not above the first line', intents: [type('help'), down(3), down(-9)], mode: {type: 'help', top: 0}},
    {name: 'by pages', intents: [type('notes'), {type: 'page', by: 2}], mode: {type: 'notes', top: 18}},
    {name: 'to the start', intents: [type('help'), down(3), key('first')], mode: {type: 'help', top: 0}},
    {
      name: 'to the end, which the screen knows',
      intents: [type('help'), key('last')],
      mode: {type: 'help', top: Number.MAX_SAFE_INTEGER},
    },
    {name: 'the tree does not move meanwhile', intents: [type('help'), down(3)], cursor: 0},
    {name: 'nothing is chosen meanwhile', intents: [type('help'), type('toggle')], state: {isUnsaved: false}},
    ...[type('back'), key('quit'), key('enter'), type('open'), type('collapse'), type('help'), type('notes')].map((intent) => ({
      name: `${intent.type} goes back`,
      intents: [type('help'), intent],
      mode: BROWSE,
      effects: [],
    })),
  ],
  'saving and exporting': [
    {name: 'a plan has a name already', intents: [key('save')], mode: {type: 'input', purpose: 'save', text: 'dirsync.plan'}},
    {name: 'a report too', intents: [key('export')], mode: {type: 'input', purpose: 'export', text: 'dirsync-report.html'}},
    {
      name: 'a character is erased whole',
      intents: [key('save'), text('😀'), key('erase'), key('erase')],
      mode: {type: 'input', purpose: 'save', text: 'dirsync.pla'},
    },
    {
      name: 'all of it is erased at once',
      intents: [key('save'), {type: 'erase-all'}, text('f')],
      mode: {type: 'input', purpose: 'save', text: 'f'},
    },
    {
      name: 'Enter saves',
      intents: [key('save'), text('2'), key('enter')],
      mode: BROWSE,
      effects: [{type: 'save', file: 'dirsync.plan2', overwrite: false}],
    },
    {
      name: 'keys have no other meaning in it',
      intents: [key('save'), key('quit'), type('toggle'), down()],
      cursor: 0,
      state: {isUnsaved: false},
      effects: [],
    },
    {
      name: 'an empty name saves nothing',
      intents: [key('save'), ...Array<Intent>(12).fill(key('erase')), key('enter')],
      mode: BROWSE,
      effects: [],
    },
    {name: 'Esc saves nothing', intents: [key('export'), type('back')], mode: BROWSE, effects: []},
    {
      name: 'what was saved is no reason to ask',
      intents: [type('toggle'), {type: 'saved', effect: {type: 'save', file: 'f', overwrite: false}, text: 'Saved.'}],
      notice: 'Saved.',
      state: {isUnsaved: false},
    },
    {
      name: 'a report saves no choice',
      intents: [type('toggle'), {type: 'saved', effect: {type: 'export', file: 'f', overwrite: false}, text: 'Wrote it.'}],
      notice: 'Wrote it.',
      state: {isUnsaved: true},
    },
    {
      name: 'a file that is there is asked about',
      intents: [{type: 'exists', effect: {type: 'save', file: 'f', overwrite: false}}],
      mode: {type: 'confirm', what: {type: 'overwrite', effect: {type: 'save', file: 'f', overwrite: false}}},
    },
    {
      name: 'yes writes over it',
      intents: [{type: 'exists', effect: {type: 'export', file: 'f', overwrite: false}}, key('yes')],
      mode: BROWSE,
      effects: [{type: 'export', file: 'f', overwrite: true}],
    },
    {
      name: 'no does not',
      intents: [{type: 'exists', effect: {type: 'save', file: 'f', overwrite: false}}, key('no')],
      mode: BROWSE,
      effects: [],
    },
    {name: 'what went wrong is said', intents: [{type: 'failed', text: 'No room.'}], notice: 'No room.'},
    {name: 'until the next key', intents: [{type: 'failed', text: 'No room.'}, down()], notice: undefined},
  ],
  'applying and leaving': [
    {name: 'the guards judge first', intents: [key('apply')], mode: BROWSE, effects: [{type: 'judge'}]},
    {
      name: 'where none halts, it is asked',
      intents: [{type: 'judged', halts: []}],
      mode: {type: 'confirm', what: {type: 'apply'}},
    },
    {
      name: 'where it is allowed, too',
      intents: [{type: 'judged', halts: [halt('too-many-deletes', true)]}],
      mode: {type: 'confirm', what: {type: 'apply'}},
      state: {halts: [halt('too-many-deletes', true)]},
    },
    {
      name: 'a guard that halts is named, and how it is lifted',
      intents: [{type: 'judged', halts: [halt('source-empty', true), halt('too-many-deletes')]}],
      mode: BROWSE,
      notice: 'too-many-deletes halts this: leave some out, or use --allow too-many-deletes',
    },
    {name: 'yes applies', intents: [{type: 'judged', halts: []}, key('yes')], effects: [{type: 'apply'}]},
    ...[key('no'), type('back'), key('quit')].map((intent) => ({
      name: `${intent.type} does not`,
      intents: [{type: 'judged', halts: []} as const, intent],
      mode: BROWSE,
      effects: [],
    })),
    {
      name: 'any other key waits',
      intents: [{type: 'judged', halts: []}, down(), type('toggle')],
      mode: {type: 'confirm', what: {type: 'apply'}},
      effects: [],
    },
    {
      name: 'what is only shown cannot be applied',
      options: {canApply: false},
      intents: [key('apply')],
      notice: 'This plan cannot be applied from here.',
      effects: [],
    },
    {
      name: 'nothing chosen is nothing to apply',
      intents: [type('toggle'), key('apply')],
      notice: 'No changes are chosen, so there is nothing to apply.',
      effects: [],
    },
    {name: 'what nobody chose is left at once', intents: [key('quit')], effects: [{type: 'quit'}]},
    {
      name: 'a choice that is not saved is asked about',
      intents: [type('toggle'), key('quit')],
      mode: {type: 'confirm', what: {type: 'quit'}},
      effects: [],
    },
    {name: 'yes leaves', intents: [type('toggle'), key('quit'), key('yes')], effects: [{type: 'quit'}]},
    {name: 'no stays', intents: [type('toggle'), key('quit'), key('no')], mode: BROWSE, effects: []},
    {
      name: 'what was read of a file is kept',
      intents: [{type: 'looked', look: {index: 2, content: {none: 'No.'}}}],
      state: {look: {index: 2, content: {none: 'No.'}}},
    },
  ],
};

/** The rules of plan/selection, asked of each pair. */
function expectSound(actions: readonly Action[], state: ReviewState): void {
  const {selection} = state;
  const changes = actions.flatMap((action, index) => (isUpkeep(action) ? [] : [{action, isIn: selection.isIn(index)}]));
  const kept = changes.filter(({isIn}) => isIn);
  expect(chosen(state)).to.equal(kept.length);
  expect(totalsOf(state, TOP).chosen).to.equal(kept.filter(({action}) => state.tree.isShown(actions.indexOf(action))).length);
  for (const {action} of kept) {
    const {path, before, after} = action;
    const isEmptied = before?.kind === 'directory' && after?.kind !== 'directory';
    for (const other of changes) {
      const holds = other.action.path === '' ? path !== '' : path.startsWith(`${other.action.path}/`);
      const isMade = other.action.after?.kind === 'directory' && other.action.kind !== 'attrs';
      if (after && holds && isMade) expect(other.isIn, `the folder that holds ${path}`).to.equal(true);
      if (isEmptied && other.action.path.startsWith(`${path}/`)) expect(other.isIn, `what is in ${path}`).to.equal(true);
      if (action.kind === 'link' && other.action.path === action.leader) expect(other.isIn, 'its leader').to.equal(true);
    }
  }
  const {narrowed} = narrow(planOf(actions), {selection, id: 'new'}).header;
  expect(narrowed?.leftOut ?? 0).to.equal(changes.length - kept.length);
}

const anyIntent: fc.Arbitrary<Intent> = fc.oneof(
  {weight: 6, arbitrary: fc.integer({min: -4, max: 6}).map(down)},
  fc.constantFrom<Intent>({type: 'page', by: 1}, {type: 'page', by: -0.5}, key('first'), key('last'), type('sort')),
  {weight: 4, arbitrary: fc.constant(type('toggle'))},
  {
    weight: 2,
    arbitrary: fc.constantFrom<Intent>(type('expand'), type('collapse'), type('open'), all('expand-all'), all('collapse-all')),
  },
  {weight: 2, arbitrary: fc.constantFrom(undefined, 0, 1, 2, 3, 4, 5).map((group): Intent => ({type: 'kinds', group}))},
  fc.constantFrom<Intent>(
    type('back'),
    key('no'),
    type('search'),
    type('help'),
    key('enter'),
    text('x'),
    key('quit'),
    key('apply'),
    key('other-end'),
    key('target-drift'),
  ),
  fc.integer({min: 1, max: 12}).map((height): Intent => ({type: 'resize', height})),
  fc.uint8Array({min: 0, max: 1, minLength: 1}).map((flags): Intent => ({type: 'filtered', text: 'q', found: flags})),
);

describe('ui/review/intents', () => {
  for (const [title, cases] of Object.entries(CASES)) {
    describe(title, () => {
      for (const {name, plan = PLAN, options, intents, rows, cursor, top, mode, effects, state: fields, ...rest} of cases) {
        it(name, () => {
          const {state, effects: asked} = play(openPlan(plan, options), ...intents);
          if (rows !== undefined) expect(rowTexts(state)).to.deep.equal(rows);
          if (cursor !== undefined) expect(state.cursor).to.equal(cursor);
          if (top !== undefined) expect(state.top).to.equal(top);
          if (mode !== undefined) expect(state.mode).to.deep.equal(mode);
          if (effects !== undefined) expect(asked).to.deep.equal(effects);
          if ('notice' in rest) expect(state.notice?.text).to.equal(rest.notice);
          if (fields !== undefined) expect(state).to.deep.include(fields);
        });
      }
    });
  }

  describe('moves', () => {
    const plan = planOf([
      act.upkeep('in'),
      act.moveFolder('out/x', 'in/x', 2),
      act.create('out/x/new'),
      {...act.delete('z'), targetDrift: 'added'},
    ]);
    const rowOf = (state: ReviewState, path: string) => state.rows.findIndex(({node}) => state.tree.pathOf(node) === path);
    const onRow = (path: string) => down(rowOf(openPlan(plan), path));

    it('have a row at both paths', () => {
      const {state} = play(openPlan(plan), type('sort'));
      expect(rowTexts(state)).to.deep.equal(['> [x] /', '  [x]   in/x/', '  [x]   out/x/', '  [x]     out/x/new', '  [x]   z']);
    });

    for (const path of ['in/x', 'out/x']) {
      it(`are left out and taken in at both paths: ${path}`, () => {
        const {state} = play(openPlan(plan), onRow(path), type('toggle'));
        expect(
          rowTexts(state)
            .map((line) => line.slice(2))
            .sort(),
        ).to.deep.equal(['[ ]     out/x/new', '[ ]   in/x/', '[ ]   out/x/', '[-] /', '[x]   z']);
        expect(play(state, type('toggle')).state.selection.isIn(1)).to.equal(true);
      });
    }

    it('lead from one path to the other', () => {
      const closed = play(openPlan(plan), all('collapse-all'), onRow('in/x')).state;
      const there = play(openPlan(plan), onRow('in/x'), key('other-end')).state;
      expect(rowTexts(there).find((line) => line.startsWith('>'))).to.equal('> [x]   out/x/');
      expect(rowTexts(play(there, key('other-end')).state).find((line) => line.startsWith('>'))).to.equal('> [x]   in/x/');
      expect(play(closed, key('first'), key('other-end')).state.notice?.text).to.equal('Nothing moves here.');
    });

    it('open the folders above the other path', () => {
      const deep = planOf([act.create('a/1'), act.moveFile('a/b/c', 'z/1'), act.create('a/b/d')]);
      const {state} = play(openPlan(deep), all('collapse-all'), key('last'), type('expand'), key('last'), key('other-end'));
      expect(rowTexts(state).find((line) => line.startsWith('>'))).to.equal('> [x]       a/b/c');
    });

    it('are found by both paths, and hidden at both', () => {
      const {state} = play(openPlan(plan), {type: 'filtered', text: 'in', found: Uint8Array.of(0, 1, 0, 0)});
      expect(rowTexts(state)).to.have.members(['> [x] /', '  [x]   in/x/', '  [x]   out/x/']);
      expect(rowTexts(play(openPlan(plan), kinds('delete')).state)).to.deep.equal(['> [x] /', '  [x]   z']);
    });

    it('and what somebody changed in the target is shown alone', () => {
      const {state} = play(openPlan(plan), key('target-drift'));
      expect(rowTexts(state)).to.deep.equal(['> [x] /', '  [x]   z']);
      for (const again of [key('target-drift'), type('back'), kinds()]) {
        expect(rowTexts(play(state, again).state)).to.have.length(5);
      }
      const calm = play(openPlan(PLAN), key('target-drift')).state;
      expect(calm.notice?.text).to.include('nobody else has changed the target');
      expect(calm.rows).to.have.length(openPlan(PLAN).rows.length);
    });
  });

  it('opens of a large plan only what a search found', () => {
    const {state} = play(openPlan(DEEP), {
      type: 'filtered',
      text: '4',
      found: Uint8Array.from(DEEP.actions, ({path}) => (path === 'd1/004' ? 1 : 0)),
    });
    expect(rowTexts(state)).to.deep.equal(['> [x] /', '  [x]   d1/', '  [x]     d1/004']);
    expect(rowTexts(play(state, type('back')).state)).to.have.length(1 + 3 + 100);
  });

  it('keeps the cursor on a row and in sight, its counts true and its choice sound, whatever is pressed', () => {
    fc.assert(
      fc.property(anyActions, fc.array(anyIntent, {maxLength: 40}), (actions, intents) => {
        let state = openPlan(planOf(actions));
        for (const intent of intents) {
          // A flag for each action, as the search has it.
          const fitted =
            intent.type === 'filtered'
              ? {...intent, found: Uint8Array.from(actions, (_, i) => intent.found?.[i % intent.found.length] ?? 1)}
              : intent;
          ({state} = play(state, fitted));
          const {rows, cursor, top, height, tree} = state;
          expect(cursor).to.be.within(0, Math.max(0, rows.length - 1));
          expect(cursor - top).to.be.within(0, height - 1);
          expect(top === 0 || top + height <= rows.length || top === cursor, 'no row is free that could be used').to.equal(true);
          expect(rows.length > 0).to.equal(tree.shown > 0);
          expectSound(actions, state);
        }
      }),
    );
  });
});
