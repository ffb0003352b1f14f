import {expect} from 'chai';
import {canDraw, hasColor, type Streams} from '../../../src/app/output/terminal.js';

const stdout = (isTTY: boolean) => ({isTTY}) as NodeJS.WriteStream;
const streams = (isIn: boolean, isOut: boolean) => ({stdin: {isTTY: isIn}, stdout: {isTTY: isOut}}) as Streams;

describe('app/output/terminal', () => {
  it('a screen needs a terminal to draw on and to read keys from, and nobody who says that there is none', () => {
    expect(canDraw(streams(true, true), {TERM: 'xterm'})).to.equal(true);
    expect(canDraw(streams(true, true), {})).to.equal(true);
    expect(canDraw(streams(true, true), {CI: ''})).to.equal(true);
    for (const [given, env] of [
      [streams(false, true), {}],
      [streams(true, false), {}],
      [streams(true, true), {TERM: 'dumb'}],
      [streams(true, true), {CI: '1'}],
    ] as const)
      expect(canDraw(given, env)).to.equal(false);
  });

  const cases: readonly [isTTY: boolean, env: NodeJS.ProcessEnv, isColoured: boolean][] = [
    [true, {TERM: 'xterm'}, true],
    [true, {}, true],
    [false, {TERM: 'xterm'}, false],
    [true, {TERM: 'dumb'}, false],
    [true, {CI: '1'}, false],
    [true, {NO_COLOR: '1'}, false],
    [true, {NO_COLOR: ''}, true],
    [false, {FORCE_COLOR: '1'}, true],
    [true, {FORCE_COLOR: '0'}, false],
    [false, {FORCE_COLOR: '2', NO_COLOR: '1', TERM: 'dumb', CI: '1'}, true],
    [true, {FORCE_COLOR: ''}, true],
  ];
  for (const [isTTY, env, isColoured] of cases) {
    it(`${isTTY ? 'a terminal' : 'a file'} with ${JSON.stringify(env)} is ${isColoured ? '' : 'not '}coloured`, () => {
      expect(hasColor(stdout(isTTY), env)).to.equal(isColoured);
    });
  }
});
