import {expect} from 'chai';
import {pairIn} from '../support/cli.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';
import {hasTmux, openTerminal, RESTORED} from '../support/tmux.js';

describe('story: a terminal', () => {
  const temp = tempDirs();
  before(function () {
    if (!hasTmux()) skip(this, 'tmux is missing');
  });

  it('shows the plan, takes the answer, and is left as it was', async () => {
    const {source, target} = pairIn(temp(), {a: 'a'}, {});
    const terminal = openTerminal(['apply', source, target, '--format', 'text'], {width: 100, height: 30});
    try {
      expect(await terminal.shows('[y/N]')).to.match(/\+ create +a/);
      terminal.type('n');
      terminal.press('Enter');
      expect(await terminal.ended()).to.equal(1);
      expect(terminal.state()).to.deep.equal(RESTORED);
    } finally {
      terminal.close();
    }
  });
});
