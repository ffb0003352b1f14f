import {EventEmitter} from 'node:events';
import {mock} from 'node:test';
import {expect} from 'chai';
import {type Live, openLive, type ViewProps} from '../../src/ui/live.js';
import {MAX_FPS} from '../../src/ui/mount.js';

type Props = ViewProps<number, number>;

describe('ui/live', () => {
  let frames: Pick<Props, 'state' | 'now' | 'columns'>[];
  let calls: string[];
  let now: number;
  let stdout: EventEmitter & {columns: number; rows: number};
  let live: Live<number, number>;

  beforeEach(() => {
    mock.timers.enable({apis: ['setInterval']});
    [frames, calls, now] = [[], [], 0];
    stdout = Object.assign(new EventEmitter(), {columns: 80, rows: 24});
    live = openLive<number, number>({
      stdin: process.stdin,
      stdout: stdout as never,
      fullScreen: false,
      initial: 0,
      fold: (state, message) => state + message,
      view({state, columns, now: at}) {
        frames.push({state, columns, now: at});
        return null;
      },
      now: () => now,
      mountNode: () => ({
        update: () => calls.push('update'),
        draw: () => {},
        reflow: () => calls.push('reflow'),
        clear: () => calls.push('clear'),
        unmount: async () => void calls.push('unmount'),
      }),
    });
  });
  afterEach(() => mock.timers.reset());

  function pass(milliseconds: number): void {
    for (let i = 0; i < milliseconds; i++) {
      now++;
      mock.timers.tick(1);
    }
  }

  it('draws at once, and not again until something changes', () => {
    expect(frames).to.deep.equal([{state: 0, columns: 80, now: 0}]);
    pass(900);
    expect(frames).to.have.length(1);
  });

  it('folds every message, and draws no more than so often', () => {
    for (let i = 0; i < 10_000; i++) {
      live.send(1);
      if (i % 10 === 0) pass(1);
    }
    expect(live.state).to.equal(10_000);
    expect(frames.length).to.be.within(MAX_FPS - 2, MAX_FPS + 1);
    pass(100);
    expect(frames.at(-1)?.state).to.equal(10_000);
  });

  it('draws the clock each second', () => {
    pass(10_000);
    expect(frames.length).to.be.within(9, 11);
  });

  it('draws at once when the terminal has another size', () => {
    stdout.columns = 40;
    stdout.emit('resize');
    expect(frames.at(-1)).to.include({columns: 40});
    expect(calls).to.deep.equal(['reflow', 'update']);
  });

  it('clears what it drew, and draws no more, when it is closed', async () => {
    await live.close();
    expect(calls).to.deep.equal(['clear', 'unmount']);
    live.send(1);
    pass(5000);
    stdout.emit('resize');
    expect(frames).to.have.length(1);
    expect(stdout.listenerCount('resize')).to.equal(0);
  });
});
