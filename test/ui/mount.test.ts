import {EventEmitter} from 'node:events';
import {setTimeout as delay} from 'node:timers/promises';
import {expect} from 'chai';
import {Text} from 'ink';
import {createElement} from 'react';
import {mount} from '../../src/ui/mount.js';

/** A terminal that keeps what is written to it. */
class Terminal extends EventEmitter {
  readonly isTTY = true;
  readonly columns = 20;
  readonly rows = 5;
  written = '';
  readonly modes: boolean[] = [];

  write(text: string): boolean {
    this.written += text;
    return true;
  }

  setEncoding() {}
  setRawMode(isRaw: boolean) {
    this.modes.push(isRaw);
  }
  ref() {}
  unref() {}
  read() {
    return null;
  }
}

describe('ui/mount', () => {
  it('draws the lines of a full screen, then those alone that are new, and all again in another size', async () => {
    const [stdin, stdout] = [new Terminal(), new Terminal()];
    const screen = mount(null, {
      stdin: stdin as unknown as NodeJS.ReadStream,
      stdout: stdout as unknown as NodeJS.WriteStream,
      fullScreen: true,
    });
    const drawn = (...lines: string[]) => {
      stdout.written = '';
      screen.draw(lines);
      return stdout.written;
    };
    const whole = '\x1b[?2026h\x1b[?7l\x1b[?25l\x1b[2J\x1b[1H\x1b[2Kone\x1b[2H\x1b[2Ktwo\x1b[?7h\x1b[?2026l';
    expect(drawn('one', 'two')).to.equal(whole);
    expect(drawn('one', 'two')).to.equal('');
    expect(drawn('one', 'three')).to.equal('\x1b[?2026h\x1b[?7l\x1b[2H\x1b[2Kthree\x1b[?7h\x1b[?2026l');
    stdout.emit('resize');
    expect(drawn('one', 'two')).to.equal(whole);
    stdin.modes.length = 0;
    stdout.written = '';
    process.emit('SIGCONT', 'SIGCONT');
    expect(stdout.written, 'what others drew meanwhile is gone').to.equal(`\x1b[?1049h\x1b[2J\x1b[H\x1b[?25l${whole}`);
    expect(stdin.modes).to.deep.equal([false, true]);
    stdout.written = '';
    await screen.unmount();
    expect(stdout.written).to.contain('\x1b[?1049l\x1b[?25h');
    expect(process.listenerCount('SIGTSTP') + process.listenerCount('SIGCONT')).to.equal(0);
  });

  it('draws anew what ink drew when the program goes on', async () => {
    const [stdin, stdout] = [new Terminal(), new Terminal()];
    const streams = {stdin: stdin as unknown as NodeJS.ReadStream, stdout: stdout as unknown as NodeJS.WriteStream};
    const screen = mount(createElement(Text, null, 'one'), {...streams, fullScreen: false});
    screen.update(createElement(Text, null, 'two'));
    // ink draws at most 60 times a second.
    while (!stdout.written.includes('two')) await delay(5);
    stdout.written = '';
    process.emit('SIGCONT', 'SIGCONT');
    expect(stdout.written).to.equal('\x1b[?25ltwo\n');
    screen.clear();
    await screen.unmount();
  });
});
