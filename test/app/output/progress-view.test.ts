import process from 'node:process';
import {expect} from 'chai';
import {ApplyView, ProgressLine} from '../../../src/app/output/progress-view.js';
import {captured} from '../../support/captured.js';
import {applyProgress} from '../../support/plan.js';

describe('app/output/progress-view', () => {
  const {TERM, CI} = process.env;
  const properties = ['isTTY', 'columns'] as const;
  const was = properties.map((name) => Object.getOwnPropertyDescriptor(process.stderr, name));
  const pretend = (isTTY: boolean, columns?: number) => {
    Object.defineProperty(process.stderr, 'isTTY', {value: isTTY, configurable: true});
    Object.defineProperty(process.stderr, 'columns', {value: columns, configurable: true});
  };
  beforeEach(() => {
    process.env.TERM = 'xterm';
    delete process.env.CI;
    pretend(true, 20);
  });
  afterEach(() => {
    if (TERM === undefined) delete process.env.TERM;
    else process.env.TERM = TERM;
    if (CI === undefined) delete process.env.CI;
    else process.env.CI = CI;
    for (const [i, name] of properties.entries()) {
      Reflect.deleteProperty(process.stderr, name);
      const before = was[i];
      if (before !== undefined) Object.defineProperty(process.stderr, name, before);
    }
  });

  const drawn = async (act: (line: ProgressLine) => void) => (await captured(() => act(new ProgressLine()))).stderr;

  describe('the line', () => {
    it('is drawn over itself, and never so long that a terminal would break it', async () => {
      const text = await drawn((line) => {
        line.draw(() => 'x'.repeat(50));
        line.draw(() => 'short');
      });
      expect(text).to.equal(`\r${'x'.repeat(19)}\x1b[K\rshort\x1b[K`);
    });

    it('goes when something else is to be printed, if there is one', async () => {
      expect(await drawn((line) => line.clear())).to.equal('');
      const text = await drawn((line) => {
        line.draw(() => 'x');
        line.clear();
        line.clear();
      });
      expect(text).to.equal('\rx\x1b[K\r\x1b[K');
    });

    for (const [title, prepare] of [
      ['stderr is no terminal', () => pretend(false)],
      ['the terminal cannot be drawn on', () => (process.env.TERM = 'dumb')],
      ['CI is set', () => (process.env.CI = 'true')],
    ] as const) {
      it(`is none where ${title}; then its text is not even made`, async () => {
        prepare();
        expect(await drawn((line) => line.draw(() => expect.fail('it was made')))).to.equal('');
      });
    }
  });

  it('an apply draws how far it has come, from its first progress on', async () => {
    pretend(true, 200);
    const {stderr} = await captured(async () => {
      const line = new ProgressLine();
      const view = new ApplyView(line, false);
      view.show(applyProgress);
      view.show({type: 'apply-started', actions: 1, steps: 10, checks: 0, bytes: 100});
      view.show({...applyProgress, steps: 5, bytes: 50});
      await view.close();
    });
    expect(stderr.match(/\r/g), 'nothing of an apply that has not begun').to.have.length(1);
    expect(stderr).to.include('50');
  });
});
