import {expect} from 'chai';
import {render} from 'ink-testing-library';
import type {Texts} from '../../src/core/answers.js';
import {InitScreen, messagesOf} from '../../src/ui/init-screen.js';
import {type InitMessage, type InitState, initialState} from '../../src/ui/init-state.js';

const HOSTILE = 'evil\x1b[2J\u202egnp';

function linesOf(state: InitState, {columns = 80, rows = 24} = {}): string[] {
  const props = {state, now: 0, columns, rows, color: false, file: `/x/${HOSTILE}.yaml`, send: () => {}};
  return (render(<InitScreen {...props} />).lastFrame() ?? '').split('\n').map((line) => line.trimEnd());
}

const ALL: Partial<Texts> = {};

describe('ui/init-screen', () => {
  it('shows the questions, the answers, and what is wrong', () => {
    const state = {...initialState(ALL), current: 'target', mistake: 'it is a file'} as const;
    const lines = linesOf({...state, texts: {...state.texts, source: HOSTILE, target: '/mnt'}});
    expect(lines).to.deep.equal([
      'New config file: /x/evil\\x1b[2J\\u202egnp.yaml',
      '',
      '  Folder to copy from  evil\\x1b[2J\\u202egnp',
      '› Folder to copy to    /mnt▏',
      '                       ! it is a file',
      '  Name of the job',
      '  Leave out',
      '  Run                  by hand',
      '  Log file',
      '  URL to call',
      '',
      'Enter next · ↑ back · Ctrl-U clear · Esc quit without writing',
    ]);
  });

  for (const rows of [5, 6, 8, 11, 12, 24]) {
    it(`fits ${rows} rows and 30 columns, and shows the question at hand`, () => {
      for (const current of ['source', 'job', 'heartbeat'] as const) {
        const state = {...initialState(ALL), current};
        const lines = linesOf({...state, texts: {...state.texts, [current]: `${'long/'.repeat(30)}end`}}, {rows, columns: 30});
        expect(lines.length).to.be.below(rows);
        for (const line of lines) expect(line.length, line).to.be.at.most(30);
        expect(lines.join('\n')).to.match(/^› \w.*\n {2}.*end▏$/m);
      }
    });
  }

  for (const [columns, rows] of [
    [20, 5],
    [40, 12],
    [80, 24],
  ] as const) {
    it(`says what is wrong and what to do about it on ${columns} × ${rows}`, () => {
      const mistake = 'The source does not exist: /a/long/path/to. Check the path, and that the disk is mounted';
      const state = initialState({});
      const lines = linesOf({...state, texts: {...state.texts, source: '/a/long/path/to'}, mistake}, {columns, rows});
      expect(lines.length).to.be.below(rows);
      const text = lines.join(' ').replace(/\s+/g, ' ');
      expect(text).to.include('path/to▏').and.include('! The source').and.include('disk is mounted');
      if (rows > 5) expect(text).to.include(mistake).and.include('Esc quit');
    });
  }

  it('breaks a long mistake into lines, and never too many', () => {
    const state = initialState(ALL);
    const far = linesOf({
      ...state,
      mistake: 'The source does not exist: /a/long/path/to/somewhere. Check the path, and that the disk is mounted',
    });
    expect(far.slice(2, 5)).to.deep.equal([
      '› Folder to copy from  ▏',
      '                       ! The source does not exist: /a/long/path/to/somewhere.',
      '                       Check the path, and that the disk is mounted',
    ]);
    for (const mistake of ['word '.repeat(900), 'x'.repeat(5000)]) {
      expect(linesOf({...state, texts: {...state.texts, when: 'at'}, mistake}, {rows: 22}).length).to.be.below(22);
    }
  });

  const keys: readonly (readonly [string, string, Parameters<typeof messagesOf>[1], readonly InitMessage[]])[] = [
    ['text', 'photos', {}, [{type: 'text', text: 'photos'}]],
    ['text that comes with Enter', 'a b\rc', {}, [{type: 'text', text: 'a b'}, {type: 'enter'}, {type: 'text', text: 'c'}]],
    [
      'other control characters',
      'a\x1bb\x00',
      {},
      [
        {type: 'text', text: 'a'},
        {type: 'text', text: 'b'},
      ],
    ],
    ['Ctrl-C', 'c', {ctrl: true}, [{type: 'stop'}]],
    ['Esc', '', {escape: true}, [{type: 'stop'}]],
    ['Shift-Tab', '', {tab: true, shift: true}, [{type: 'back'}]],
    ['Tab', '', {tab: true}, [{type: 'enter'}]],
    ['left', '', {leftArrow: true}, [{type: 'choose', by: -1}]],
    ['Alt-x', 'x', {meta: true}, []],
  ];
  for (const [name, input, key, expected] of keys) it(name, () => expect(messagesOf(input, key)).to.deep.equal(expected));
});
