import {expect} from 'chai';
import fc from 'fast-check';
import {columns} from '../../src/report/words/columns.js';
import {fitLine, highlight, type Line, paint, span, spread, widthOf, wrapLine, wrapTo} from '../../src/ui/line.js';

const anyLine: fc.Arbitrary<Line> = fc.array(
  fc.string({unit: fc.constantFrom('a', ' ', '日', '😀', 'e\u0301', '─')}).map((text) => span(text, 'red')),
);
const anyWidth = fc.integer({min: 2, max: 30});
const plain = (line: Line) => paint(line, false);

describe('ui/line', () => {
  it('fits any line in exactly so many columns', () => {
    fc.assert(
      fc.property(anyLine, anyWidth, (line, width) => {
        const fitted = fitLine(line, width);
        expect(widthOf(fitted)).to.equal(width);
        const text = plain(line).trimEnd();
        if (columns(text) <= width) expect(plain(fitted).trimEnd()).to.equal(text);
        else expect(plain(fitted).trimEnd()).to.match(/…$/);
      }),
    );
  });

  it('tells that it cut, and shows nothing after it', () => {
    expect(plain(fitLine([span('abc'), span('d')], 3))).to.equal('ab…');
    expect(plain(fitLine([span('abc'), span(' ')], 3))).to.equal('abc');
    expect(plain(fitLine([span('日本語'), span('x')], 4))).to.equal('日… ');
  });

  it('breaks a line into as many as show all of it', () => {
    fc.assert(
      fc.property(anyLine, anyWidth, (line, width) => {
        const lines = wrapLine(line, width);
        expect(lines.map(plain).join('')).to.equal(plain(line));
        for (const part of lines) expect(widthOf(part)).to.be.at.most(width);
      }),
    );
    expect(wrapLine([span('some words to be read')], 12).map(plain)).to.deep.equal(['some words ', 'to be read']);
    expect(wrapLine([], 10)).to.deep.equal([[]]);
  });

  it('breaks a line into no more than there may be, and leaves out its middle', () => {
    fc.assert(
      fc.property(anyLine, anyWidth, fc.integer({min: 1, max: 5}), (line, width, height) => {
        const lines = wrapTo(line, width, height);
        expect(lines.length).to.be.at.most(height);
        for (const part of lines) expect(widthOf(part)).to.be.at.most(width);
        const whole = wrapLine(line, width);
        if (whole.length <= height) expect(lines).to.deep.equal(whole);
        else expect(lines.map(plain).join('')).to.include('…');
      }),
    );
    const text = [span('the disk is gone: look whether it is mounted, or give --allow it')];
    expect(wrapTo(text, 20, 3).map(plain)).to.deep.equal(['the disk is gone: ', '…it is mounted, or ', 'give --allow it']);
    expect(wrapTo([span(`${'x'.repeat(50)}end`)], 10, 1).map(plain)).to.deep.equal(['…xxxxxxend']);
  });

  it('breaks a line as long as a file in no time', () => {
    const started = performance.now();
    expect(wrapLine([span('é'.repeat(512 * 1024))], 80)).to.have.length(Math.ceil((512 * 1024) / 80));
    expect(performance.now() - started).to.be.below(2000);
  });

  it('spreads two texts to the edges; the left one gives way', () => {
    expect(plain(spread([span('left')], [span('right')], 12))).to.equal('left   right');
    expect(plain(spread([span('a long left')], [span('right')], 10))).to.equal('a lo…right');
  });

  it('adds a style to all of a line', () => {
    expect(highlight([span('a'), span('b', 'red'), span('c', ['bold', 'red'])], 'inverse')).to.deep.equal([
      span('a', ['inverse']),
      span('b', ['red', 'inverse']),
      span('c', ['bold', 'red', 'inverse']),
    ]);
  });
});
