import {expect} from 'chai';
import {render} from 'ink-testing-library';
import {Keys} from '../../../src/ui/review/listen.js';

describe('ui/review/listen', () => {
  it('hears each key, and draws nothing', async () => {
    const heard: string[] = [];
    const {stdin, frames, unmount} = render(
      <Keys
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
    expect(frames.join('').trim()).to.equal('');
  });
});
