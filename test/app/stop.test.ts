import process from 'node:process';
import {expect} from 'chai';
import {hearStopSignals, type StopSignals} from '../../src/app/stop.js';

describe('app/stop', () => {
  let heard: StopSignals;
  const {exit} = process;
  let exits: (number | undefined)[] = [];
  beforeEach(() => {
    exits = [];
    process.exit = ((code?: number) => void exits.push(code)) as typeof process.exit;
    heard = hearStopSignals();
  });
  afterEach(() => {
    heard.end();
    process.exit = exit;
  });

  /** As the kernel would: others that listen in this process are left out. */
  const send = (name: NodeJS.Signals) => process.listeners(name).at(-1)?.(name);

  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    it(`the first ${name} asks, the second ends the process`, () => {
      send(name);
      expect([heard.signal.aborted, heard.signal.reason, exits]).to.deep.equal([true, name, []]);
      send('SIGINT');
      expect(exits).to.deep.equal([130]);
      send('SIGTERM');
      expect(exits).to.deep.equal([130, 143]);
    });
  }

  it('a terminal that is closed asks once, however often it is told', () => {
    heard.onHangUp(() => 'stop');
    for (let time = 0; time < 3; time++) send('SIGHUP');
    expect([heard.signal.reason, exits]).to.deep.equal(['SIGHUP', []]);
    send('SIGINT');
    expect(heard.signal.reason).to.equal('SIGHUP');
  });

  it('SIGHUP may ask for something else', () => {
    let asked = 0;
    heard.onHangUp(() => {
      asked++;
      return undefined;
    });
    send('SIGHUP');
    send('SIGHUP');
    expect([asked, heard.signal.aborted]).to.deep.equal([2, false]);
  });

  it('in the end nobody hears signals any more', () => {
    const counts = () => (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((name) => process.listenerCount(name));
    const during = counts();
    heard.end();
    expect(counts()).to.deep.equal(during.map((count) => count - 1));
  });
});
