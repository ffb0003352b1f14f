import {expect} from 'chai';
import {type Abilities, type HeldNames, holdsLength, holdsName, withAbilities} from '../../src/core/abilities.js';
import {ABLE, PRESERVED} from '../support/plan.js';

const ANY: HeldNames = ABLE.names;
const WINDOWS: HeldNames = {refused: '\u0001"*:<>?\\|', ends: '. ', letters: 'unicode'};
describe('core/abilities', () => {
  const names: readonly (readonly [name: string, names: HeldNames, isHeld: boolean])[] = [
    ['anything: \udcff\u0002.', ANY, true],
    ['.', {...ANY, ends: ' '}, true],
    ['ordinary.txt', WINDOWS, true],
    ['b\u00e4r', WINDOWS, true],
    ['\ud83d\ude00', WINDOWS, true],
    ['a:b', WINDOWS, false],
    ['what?', WINDOWS, false],
    ['back\\slash', WINDOWS, false],
    ['line\nbreak', WINDOWS, false],
    ['line\nbreak', {...WINDOWS, refused: ':'}, true],
    ['ends.', WINDOWS, false],
    ['ends ', WINDOWS, false],
    ['. inside.txt', WINDOWS, true],
    ['\udcff', WINDOWS, false],
    ['b\u00e4r', {...ANY, letters: 'ascii'}, false],
    ['bar', {...ANY, letters: 'ascii'}, true],
  ];
  for (const [name, held, isHeld] of names) {
    it(`${isHeld ? 'holds' : 'does not hold'} ${JSON.stringify(name)} where ${JSON.stringify(held)} is refused`, () => {
      expect(holdsName(name, held)).to.equal(isHeld);
    });
  }

  const lengths: readonly (readonly [name: string, length: number, of: 'bytes' | 'units', isHeld: boolean])[] = [
    ['abc', 3, 'bytes', true],
    ['abcd', 3, 'bytes', false],
    ['b\u00e4', 3, 'bytes', true],
    ['b\u00e4r', 3, 'bytes', false],
    ['b\u00e4r', 3, 'units', true],
    ['b\u00e4rs', 3, 'units', false],
    ['\ud83d\ude00', 3, 'bytes', false],
    ['\ud83d\ude00', 2, 'units', true],
    ['\udcff\udcff\udcff', 3, 'bytes', true],
  ];
  for (const [name, length, of, isHeld] of lengths) {
    it(`${isHeld ? 'holds' : 'does not hold'} ${JSON.stringify(name)} where a name may have ${length} ${of}`, () => {
      expect(holdsLength(name, {length, of})).to.equal(isHeld);
    });
  }

  it('keeps no more than was asked for, and no more than can be held', () => {
    expect(withAbilities(PRESERVED, undefined)).to.equal(PRESERVED);
    expect(withAbilities(PRESERVED, ABLE)).to.deep.equal(PRESERVED);
    const nothing = {...PRESERVED, mode: false, times: false, hardlinks: false, specials: false, devices: false};
    expect(withAbilities(nothing, ABLE)).to.deep.equal(nothing);
    const none: Abilities = {
      ...ABLE,
      mode: false,
      owner: false,
      times: 'none',
      symlinks: 'none',
      hardlinks: 'none',
      specials: false,
    };
    expect(withAbilities({...PRESERVED, owner: true}, none)).to.deep.equal({
      ...nothing,
      owner: false,
      groups: [],
      symlinks: 'none',
    });
    expect(withAbilities(PRESERVED, {...ABLE, hardlinks: 'hidden', symlinks: 'bare', times: 'placed'})).to.deep.equal({
      ...PRESERVED,
      showsLinks: false,
      symlinks: 'bare',
    });
  });
});
