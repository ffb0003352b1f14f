import {expect} from 'chai';
import fc from 'fast-check';
import {type HeldNames, holdsName} from '../../src/core/abilities.js';
import {fromByteName, toByteName} from '../../src/core/name.js';
import {Naming} from '../../src/core/naming.js';
import {ABLE} from '../support/plan.js';

const WINDOWS: HeldNames = {...ABLE.names, refused: '\u0001"*:<>?\\|', ends: '. ', letters: 'unicode'};
const ASCII: HeldNames = {...WINDOWS, letters: 'ascii'};
const COLON: HeldNames = {...ABLE.names, refused: ':'};
const LEGAL: HeldNames = ABLE.names;

describe('core/naming', () => {
  const cases: readonly (readonly [name: string, written: string, held?: HeldNames])[] = [
    ['ordinary.txt', 'ordinary.txt'],
    ['what?', 'what%3F'],
    ['a:b|c', 'a%3Ab%7Cc'],
    ['back\\slash', 'back%5Cslash'],
    ['line\nbreak', 'line%0Abreak'],
    ['ends.', 'ends%2E'],
    ['ends..', 'ends.%2E'],
    ['ends ', 'ends%20'],
    ['100%', '100%'],
    ['100% sure', '100% sure'],
    ['report%20final.pdf', 'report%20final.pdf'],
    ['what%3F', 'what%253F'],
    ['what%3f', 'what%253f'],
    ['what%253F', 'what%25253F'],
    ['%25:', '%25%3A'],
    ['%2:', '%2%3A'],
    ['x%2E', 'x%252E'],
    ['x%2E.', 'x%2E%2E'],
    ['b\u00e4r', 'b\u00e4r'],
    ['b\u00e4r', 'b%C3%A4r', ASCII],
    ['ask SKY', 'ask SKY', ASCII],
    ['\ud83d\ude00', '\ud83d\ude00'],
    ['\ud83d\ude00', '%F0%9F%98%80', ASCII],
    ['\udcff\udcc3', '%FF%C3'],
    ['%C3%A4', '%25C3%25A4'],
    ['a:b?', 'a%3Ab?', COLON],
    ['a%3F', 'a%3F', COLON],
    [':?. ', ':?. ', LEGAL],
    ['%25', '%25', LEGAL],
  ];
  for (const [name, written, held = WINDOWS] of cases) {
    it(`writes ${JSON.stringify(name)} as ${JSON.stringify(written)}${held === WINDOWS ? '' : ` where ${JSON.stringify(held)}`}`, () => {
      const naming = new Naming(held);
      expect(fromByteName(naming.write(toByteName(name)))).to.equal(written);
      const read = naming.read(toByteName(written));
      expect(read && fromByteName(read)).to.equal(name);
    });
  }

  for (const written of ['what?', 'ends.', '%C3%A4', 'x%3a', '\udcff', '%2E', '.%2E']) {
    it(`never writes ${JSON.stringify(written)}`, () => {
      expect(new Naming(WINDOWS).read(toByteName(written))).to.equal(undefined);
    });
  }

  const letters = fc.constantFrom(...'%%%235AaEeFf:?. abc\u0001\\', '\u00e4', '\ud83d\ude00', '\udcff', '\udcc3', '\udca4');
  const names = fc
    .array(letters, {minLength: 1, maxLength: 12})
    .map((parts) => toByteName(parts.join('')))
    .filter((name) => name !== '.' && name !== '..');
  for (const held of [WINDOWS, ASCII, COLON, LEGAL, {...LEGAL, ends: '.'}]) {
    it(`reads back any name, and the target can hold it, if it refuses ${JSON.stringify(held)}`, () => {
      const naming = new Naming(held);
      fc.assert(
        fc.property(names, (name) => {
          const written = naming.write(name);
          expect(naming.read(written)).to.equal(name);
          expect(holdsName(fromByteName(written), held)).to.equal(true);
        }),
        {numRuns: 3000},
      );
    });
    it(`never writes two names as one if the target refuses ${JSON.stringify(held)}`, () => {
      const naming = new Naming(held);
      fc.assert(
        fc.property(names, (written) => {
          const name = naming.read(written);
          if (name !== undefined) expect(naming.write(name)).to.equal(written);
        }),
        {numRuns: 3000},
      );
    });
  }
});
