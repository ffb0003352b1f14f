import {expect} from 'chai';
import {NamesInTarget} from '../../../src/app/sync/names-in-target.js';
import {ABLE} from '../../support/plan.js';

const COLON = {...ABLE, names: {...ABLE.names, refused: ':'}, longestName: {length: 100, of: 'bytes'}} as const;
const LONG = 'x'.repeat(101);
const ALMOST = `${':'.repeat(33)}xx`;

describe('app/sync/names-in-target', () => {
  const ask = (names: readonly string[], of: NamesInTarget) => [names.map((name) => of.holds(name)), of.warnings()];

  it('holds all of which nothing is known, and says nothing', () => {
    const of = new NamesInTarget(undefined, {});
    expect(ask(['a:b', LONG], of)).to.deep.equal([[true, true], []]);
  });

  it('what is refused is counted, with what helps and what does not', () => {
    const of = new NamesInTarget(COLON, {});
    expect(ask(['a', 'a:b', 'c:d', LONG], of)).to.deep.equal([
      [true, false, false, false],
      [
        'the target cannot hold 2 names, such as "a:b"; --rename-invalid escapes them',
        `the target cannot hold 1 name, such as "${'x'.repeat(59)}…": too long`,
      ],
    ]);
  });

  it('what is escaped is counted, and what is too long then', () => {
    const of = new NamesInTarget(COLON, {names: COLON.names});
    expect(ask(['a\x1b:b', ALMOST], of)).to.deep.equal([
      [true, false],
      [
        `the target cannot hold 1 name, such as "${ALMOST}": too long`,
        '1 name will be escaped in the target, such as "a\x1b:b" as "a\x1b%3Ab"',
      ],
    ]);
  });
});
