import {expect} from 'chai';
import {emptyStat} from '../../src/core/block.js';
import {type ByteName, FOLDING_UNKNOWN, type Folding, toByteName} from '../../src/core/name.js';
import {respell, type SeenEntry} from '../../src/scan/respell.js';

const LEFT = '.dirsync-20260101t000000000z-abcdef-7.name';

interface Case {
  readonly title: string;
  readonly source: readonly string[];
  readonly target: readonly string[];
  readonly folding?: Folding | undefined;
  readonly left?: Readonly<Record<string, string>>;
  /** The names under which the entries are read; with " <- " the own name of one that is to get it, "?" of what stays. */
  readonly read: readonly string[];
  readonly respelled?: number;
}

const NO_CASE: Folding = {keepsCase: false, keepsAccents: true};
const NO_ACCENTS: Folding = {keepsCase: true, keepsAccents: false};

const cases: readonly Case[] = [
  {title: 'names that both have', source: ['a', 'B'], target: ['a', 'B'], read: ['a', 'B']},
  {
    title: 'what the source has in other letters',
    source: ['README', 'b'],
    target: ['readme', 'b'],
    read: ['README <- readme', 'b'],
  },
  {title: 'an accent that is written in two ways', source: ['\u00e9'], target: ['e\u0301'], read: ['\u00e9 <- e\u0301']},
  {title: 'what only one of them has', source: ['new'], target: ['old'], read: ['old']},
  {title: 'not what the source has as it is', source: ['a', 'A'], target: ['a'], read: ['a']},
  {title: 'not for a name that the target has', source: ['A'], target: ['A', 'a'], read: ['A', 'a']},
  {title: 'one of several that are one to the source', source: ['AA'], target: ['aA', 'aa'], read: ['AA <- aA', 'aa']},
  {title: 'one that differs in case alone first', source: ['E\u0301', '\u00c9'], target: ['\u00e9'], read: ['\u00c9 <- \u00e9']},
  {title: 'case that is not kept', source: ['README'], target: ['readme'], folding: NO_CASE, read: ['README'], respelled: 1},
  {
    title: 'accents where only case is not kept',
    source: ['\u00c9'],
    target: ['e\u0301'],
    folding: NO_CASE,
    read: ['\u00c9 <- e\u0301'],
  },
  {
    title: 'accents that are not kept',
    source: ['\u00e9'],
    target: ['e\u0301'],
    folding: NO_ACCENTS,
    read: ['\u00e9'],
    respelled: 1,
  },
  {title: 'case where only accents are not kept', source: ['A'], target: ['a'], folding: NO_ACCENTS, read: ['A <- a']},
  {title: 'nothing where names are told apart', source: ['A'], target: ['a'], folding: undefined, read: ['a']},
  {title: 'what a killed run left as what it was', source: ['A'], target: [LEFT], left: {[LEFT]: 'a'}, read: ['A <- a']},
  {title: 'the same where the source has it again', source: ['a'], target: [LEFT], left: {[LEFT]: 'a'}, read: ['a']},
  {
    title: 'the same where names are told apart',
    source: [],
    target: [LEFT],
    left: {[LEFT]: 'a'},
    folding: undefined,
    read: ['a'],
  },
  {title: 'what a killed run left and nobody knows', source: ['a'], target: [LEFT], read: [`${LEFT}?`]},
  {title: 'the same where its name is taken', source: [], target: [LEFT, 'a'], left: {[LEFT]: 'a'}, read: [`${LEFT}?`, 'a']},
  {title: 'bytes that are no text', source: ['\udcffA'], target: ['\udcffa'], read: ['\udcffA <- \udcffa']},
];

describe('scan/respell', () => {
  for (const {title, source, target, left = {}, read, respelled = 0, ...given} of cases) {
    it(title, () => {
      const folding = 'folding' in given ? given.folding : FOLDING_UNKNOWN;
      const entries = target.map((name): SeenEntry => ({...emptyStat(), name: toByteName(name), fault: undefined, xattrs: ''}));
      const found = respell(entries, {names: source.map(toByteName), folding, leftRenamed: new Map(Object.entries(left))});
      expect(entries.map(words)).to.deep.equal(read.map((line) => line.split(' <- ').map(toByteName).join(' <- ')));
      expect(found.respelled).to.equal(respelled);
      // Each is still found where it is.
      expect(entries.map(({name, place = name}) => place)).to.deep.equal(target.map(toByteName));
      expect(found.left).to.deep.equal(entries.flatMap(({name, isLeft}): ByteName[] => (isLeft ? [name] : [])));
    });
  }
});

function words({name, ownName, isLeft}: SeenEntry): string {
  if (isLeft) return `${name}?`;
  return ownName === undefined ? name : `${name} <- ${ownName}`;
}
