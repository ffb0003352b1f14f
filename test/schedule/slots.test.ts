import {expect} from 'chai';
import {Slots} from '../../src/schedule/slots.js';

/** Work that ends when it is told to, and what began, waited and ended, in order. */
function bench(most: number) {
  const slots = new Slots(most);
  const seen: string[] = [];
  const ends = new Map<string, () => void>();
  return {
    seen,
    end(name: string) {
      ends.get(name)?.();
      return settle();
    },
    start(name: string, target: string, signal = new AbortController().signal) {
      const done = slots.use({target, signal, onWait: () => seen.push(`${name} waits`)}, async (hasWaited) => {
        seen.push(`${name} begins${hasWaited ? ' late' : ''}`);
        await new Promise<void>((resolve) => ends.set(name, resolve));
        seen.push(`${name} ends`);
        return name;
      });
      return {done};
    },
  };
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('schedule/slots', () => {
  it('limits how many run at a time, in order of arrival', async () => {
    const {seen, start, end} = bench(2);
    for (const name of ['a', 'b', 'c', 'd']) start(name, name);
    await settle();
    await end('b');
    await end('a');
    expect(seen.filter((each) => each.includes('waits'))).to.deep.equal(['c waits', 'd waits']);
    expect(seen.indexOf('c begins late')).to.be.greaterThan(seen.indexOf('b ends'));
    expect(seen.indexOf('d begins late')).to.be.greaterThan(seen.indexOf('a ends'));
  });

  it('makes jobs for a busy target wait, and lets others pass', async () => {
    const {seen, start, end} = bench(3);
    start('a', 'disk');
    start('b', 'disk');
    start('c', 'other');
    await settle();
    expect(seen.filter((each) => each.includes('begins'))).to.deep.equal(['a begins', 'c begins']);
    await end('a');
    expect(seen.at(-1)).to.equal('b begins late');
  });

  it('a job that is stopped while waiting never begins, and uses no slot', async () => {
    const {seen, start, end} = bench(1);
    const controller = new AbortController();
    start('a', 'a');
    const {done} = start('b', 'b', controller.signal);
    start('c', 'c');
    controller.abort();
    expect(await done).to.equal(undefined);
    await end('a');
    expect(seen.filter((each) => each.includes('begins'))).to.deep.equal(['a begins', 'c begins late']);
    expect(await start('d', 'd', AbortSignal.abort()).done).to.equal(undefined);
  });

  it('gives its place back when the work fails', async () => {
    const slots = new Slots(1);
    const options = {target: 't', signal: new AbortController().signal, onWait: () => {}};
    const failed = await slots.use(options, () => Promise.reject(new Error('it failed'))).catch((error: Error) => error.message);
    expect(failed).to.equal('it failed');
    expect(await slots.use(options, async () => 'next')).to.equal('next');
  });
});
