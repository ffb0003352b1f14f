import {expect} from 'chai';
import fc from 'fast-check';
import {Lines, MAX_LINE} from '../../src/formats/lines.js';

function tooLong(): never {
  throw new Error('too long');
}

describe('formats/lines', () => {
  it('finds the same lines, with their numbers, however the bytes are cut', () => {
    const bytes = fc.uint8Array({maxLength: 60}).map((all) => all.map((byte) => (byte % 4 === 0 ? 0x0a : byte)));
    fc.assert(
      fc.property(bytes, fc.array(fc.nat(60), {maxLength: 5}), (all, cuts) => {
        const lines = new Lines(tooLong);
        const found: [number, string][] = [];
        const ends = [...cuts.filter((cut) => cut < all.length).sort((a, b) => a - b), all.length];
        ends.reduce((start, end) => {
          for (const line of lines.add(all.subarray(start, end))) found.push([lines.number, line.toString('latin1')]);
          return end;
        }, 0);
        const expected = Buffer.from(all).toString('latin1').split('\n');
        const rest = expected.pop() as string;
        expect(found).to.deep.equal(expected.map((line, i) => [i + 1, `${line}\n`]));
        expect(lines.rest.toString('latin1')).to.equal(rest);
        expect(lines.number).to.equal(expected.length + (rest === '' ? 0 : 1));
      }),
    );
  });

  it('refuses a line that is too long before it is held, and takes one that is just not', () => {
    const lines = new Lines(tooLong);
    const half = Buffer.alloc(MAX_LINE / 2, 'x');
    expect(
      [...lines.add(half), ...lines.add(half.subarray(1)), ...lines.add(Buffer.from('\n'))].map(({length}) => length),
    ).to.deep.equal([MAX_LINE]);
    expect(() => [...lines.add(half), ...lines.add(half), ...lines.add(Buffer.from('x'))]).to.throw('too long');
    expect(lines.number).to.equal(2);
  });
});
