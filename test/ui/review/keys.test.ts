import {expect} from 'chai';
import type {Intent} from '../../../src/ui/review/intents.js';
import {firstKey, intentOf, isInterrupt, KEY_HELP, type NamedKeys} from '../../../src/ui/review/keys.js';
import type {Mode} from '../../../src/ui/review/state.js';

const BROWSE: Mode = {type: 'browse'};
const PROMPT: Mode = {type: 'input', purpose: 'save', text: ''};
const QUESTION: Mode = {type: 'confirm', what: {type: 'apply'}};

interface Case {
  readonly mode: Mode;
  /** Each key as ink gives it: its text, or its name. */
  readonly keys: readonly (string | NamedKeys)[];
  readonly intent: Intent | undefined;
}

const browse = (intent: Intent, ...keys: Case['keys']): Case => ({mode: BROWSE, keys, intent});
const prompt = (intent: Intent | undefined, ...keys: Case['keys']): Case => ({mode: PROMPT, keys, intent});
const question = (intent: Intent | undefined, ...keys: Case['keys']): Case => ({mode: QUESTION, keys, intent});

const CASES: readonly Case[] = [
  browse({type: 'move', by: -1}, {upArrow: true}, 'k'),
  browse({type: 'move', by: 1}, {downArrow: true}, 'j'),
  browse({type: 'expand'}, {rightArrow: true}, 'l'),
  browse({type: 'collapse'}, {leftArrow: true}, 'h'),
  browse({type: 'page', by: -1}, {pageUp: true}),
  browse({type: 'page', by: 1}, {pageDown: true}),
  browse({type: 'first'}, {home: true}, 'g'),
  browse({type: 'last'}, {end: true}, 'G'),
  browse({type: 'open'}, {return: true}, '\r'),
  browse({type: 'back'}, {escape: true}),
  browse({type: 'expand-all'}, '*'),
  browse({type: 'collapse-all'}, '-'),
  browse({type: 'toggle'}, ' '),
  browse({type: 'sort'}, 's'),
  browse({type: 'search'}, '/'),
  browse({type: 'details'}, 'd'),
  browse({type: 'help'}, '?'),
  browse({type: 'notes'}, 'p'),
  browse({type: 'apply'}, 'a'),
  browse({type: 'save'}, 'w'),
  browse({type: 'export'}, 'e'),
  browse({type: 'quit'}, 'q'),
  browse({type: 'kinds', group: undefined}, '0'),
  ...[1, 2, 3, 4, 5, 6, 7, 8].map((digit) => browse({type: 'kinds', group: digit - 1}, String(digit))),
  {mode: BROWSE, keys: ['9', 'x', 'A', '\x00', '\n', '\x1b', '', 'é', '😀', {tab: true}], intent: undefined},
  prompt({type: 'enter'}, {return: true}, '\r'),
  prompt({type: 'back'}, {escape: true}),
  prompt({type: 'erase'}, {backspace: true}, {delete: true}, '\x7f', '\b'),
  prompt({type: 'text', text: 'q'}, 'q'),
  prompt({type: 'text', text: ' '}, ' '),
  prompt({type: 'text', text: '/home/é/😀 日本'}, '/home/é/😀 日本', '/home/é\n/😀\x1b \x00日\x7f本\u0085'),
  prompt(undefined, '', '\x1b', '\n\t', {upArrow: true}, {pageDown: true}),
  question({type: 'yes'}, 'y', 'Y'),
  question({type: 'no'}, 'n', 'N', 'q', {return: true}, '\r'),
  question({type: 'back'}, {escape: true}),
  question(undefined, 'a', ' ', 'yes', '', {downArrow: true}),
];

describe('ui/review/keys', () => {
  for (const {mode, keys, intent} of CASES) {
    for (const key of keys) {
      it(`${mode.type}: ${JSON.stringify(key)} → ${JSON.stringify(intent) ?? 'nothing'}`, () => {
        const [input, named] = typeof key === 'string' ? [key, {}] : ['', key];
        expect(intentOf(mode, input, named)).to.deep.equal(intent);
      });
    }
  }

  it('pages with Ctrl; other letters with Ctrl or Alt are nothing', () => {
    const pages = {f: 1, b: -1, d: 0.5, u: -0.5};
    for (const [letter, by] of Object.entries(pages)) {
      expect(intentOf(BROWSE, letter, {ctrl: true})).to.deep.equal({type: 'page', by});
    }
    expect(intentOf(BROWSE, 'a', {ctrl: true})).to.equal(undefined);
    expect(intentOf(PROMPT, 'a', {ctrl: true})).to.equal(undefined);
    expect(intentOf(PROMPT, 'u', {ctrl: true})).to.deep.equal({type: 'erase-all'});
    expect(intentOf(PROMPT, 'a', {meta: true})).to.equal(undefined);
  });

  it('knows Ctrl-C, also when it comes with other keys', () => {
    expect(isInterrupt('c', {ctrl: true})).to.equal(true);
    expect(isInterrupt('/a\x03', {})).to.equal(true);
    expect(isInterrupt('c', {ctrl: false})).to.equal(false);
  });

  for (const {mode, text, keys} of [
    {mode: BROWSE, text: 'jj k', keys: ['j', 'j', ' ', 'k']},
    {mode: BROWSE, text: '😀w\r', keys: ['😀', 'w', '\r']},
    {mode: QUESTION, text: 'yy', keys: ['y', 'y']},
    {mode: PROMPT, text: 'a name\rq', keys: ['a name', '\r', 'q']},
    {mode: PROMPT, text: '\r\r', keys: ['\r', '\r']},
    {mode: PROMPT, text: 'ab\x7f\x7fc', keys: ['ab', '\x7f', '\x7f', 'c']},
    {mode: PROMPT, text: 'two\nlines', keys: ['two', '\n', 'lines']},
    {mode: PROMPT, text: '', keys: []},
  ]) {
    it(`${mode.type}: ${JSON.stringify(text)} is ${keys.length} keys`, () => {
      const found: string[] = [];
      for (let rest = text; rest !== ''; rest = rest.slice(found.at(-1)?.length)) found.push(firstKey(mode, rest));
      expect(found).to.deep.equal(keys);
    });
  }

  it('explains every key', () => {
    const explained = KEY_HELP.map(([keys]) => keys).join(' ');
    const keys = CASES.filter(({mode, intent}) => mode === BROWSE && intent !== undefined).flatMap((one) => one.keys);
    for (const key of keys) if (typeof key === 'string' && /[^\s\d]/.test(key)) expect(explained.split(' ')).to.include(key);
  });
});
