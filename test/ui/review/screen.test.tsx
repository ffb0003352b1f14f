import {expect} from 'chai';
import {render} from 'ink-testing-library';
import {paint} from '../../../src/ui/line.js';
import {Screen} from '../../../src/ui/review/screen.js';
import {reviewLines, settle} from '../../../src/ui/review/view.js';
import {act, file, planOf} from '../../support/plan.js';
import {openPlan, play} from '../../support/review.js';

const SIZE = {columns: 100, rows: 29};
const PLAN = planOf([act.create('new', file(10)), act.delete('evil\x1b[2J\n日本')]);

describe('ui/review/screen', () => {
  const state = settle(openPlan(PLAN), SIZE);

  it('draws the lines of the state it is given, and those of the next', () => {
    const draw = (shown: typeof state) => <Screen state={shown} size={SIZE} color={false} onKey={() => {}} />;
    const linesOf = (shown: typeof state) => reviewLines(shown, SIZE).map((line) => paint(line, false).trimEnd());
    const {lastFrame, rerender, unmount} = render(draw(state));
    const frame = () => (lastFrame() ?? '').split('\n').map((line) => line.trimEnd());
    expect(frame()).to.deep.equal(linesOf(state));
    const {state: next} = play(state, {type: 'move', by: 2}, {type: 'toggle'});
    rerender(draw(next));
    expect(frame()).to.deep.equal(linesOf(next));
    expect(frame().find((line) => line.startsWith('❯'))).to.match(/^❯\[ \] .*evil\\x1b\[2J\\n日本/);
    unmount();
  });

  it('hears each key', async () => {
    const heard: string[] = [];
    const {stdin, unmount} = render(
      <Screen
        state={state}
        size={SIZE}
        color={false}
        onKey={(input, key) => {
          const named = Object.entries(key).flatMap(([name, isPressed]) => (isPressed === true ? [name] : []));
          heard.push([...named, input].join(' '));
        }}
      />,
    );
    await new Promise(setImmediate);
    for (const key of ['j', ' ', 'G', '\x1b[A', '\x1b[6~', '\r', '\x7f', '\x03', 'name\r']) stdin.write(key);
    unmount();
    expect(heard).to.deep.equal(['j', ' ', 'shift G', 'upArrow ', 'pageDown ', 'return \r', 'delete ', 'ctrl c', 'name\r']);
  });
});
