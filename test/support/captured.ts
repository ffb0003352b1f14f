import process from 'node:process';
import {printAs} from '../../src/app/output/ci-runner.js';

export interface Captured {
  stdout: string;
  stderr: string;
}

/** What this process writes to its standard streams while something is done. */
export async function captured(act: () => unknown): Promise<Captured> {
  const written: Captured = {stdout: '', stderr: ''};
  const restore = (['stdout', 'stderr'] as const).map((name) => {
    const stream = process[name];
    const {write} = stream;
    stream.write = ((chunk: string | Uint8Array, ...rest: unknown[]) => {
      written[name] += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
      const done = rest.find((each) => typeof each === 'function') as (() => void) | undefined;
      done?.();
      return true;
    }) as typeof write;
    return () => {
      stream.write = write;
    };
  });
  try {
    await act();
  } finally {
    for (const each of restore) each();
    // A view sets for the whole process how commands to CI runners are broken up.
    printAs('text');
  }
  return written;
}

/** Called in a `describe`: its tests run as where nobody sits at a terminal, also when somebody does. */
export function withoutTerminal(): void {
  const {stdin} = process;
  let was: PropertyDescriptor | undefined;
  before(() => {
    was = Object.getOwnPropertyDescriptor(stdin, 'isTTY');
    Object.defineProperty(stdin, 'isTTY', {value: false, configurable: true});
  });
  after(() => {
    Reflect.deleteProperty(stdin, 'isTTY');
    if (was !== undefined) Object.defineProperty(stdin, 'isTTY', was);
  });
}
