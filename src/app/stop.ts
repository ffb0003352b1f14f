/** What asks a command to stop: a signal, or a terminal that is gone while it is needed. */

import process from 'node:process';
import type {StopSignal} from '../core/outcome.js';
import {ignoresHangUp} from '../platform/process.js';
import {onLostTerminal} from '../platform/streams.js';
import {signalExitCode} from './exit-code.js';

export interface StopSignals {
  /** Its reason is the name of a signal. */
  readonly signal: AbortSignal;
  /** From now on SIGHUP asks for something else, as of a daemon, unless the answer is that it is to stop. */
  readonly onHangUp: (act: () => 'stop' | undefined) => void;
  /** Signals end the process again. */
  end(): void;
}

export function hearStopSignals(): StopSignals {
  const controller = new AbortController();
  const {signal} = controller;
  // The first asks, the second insists; what is half written lies in staging, never at its place.
  const stop = (name: StopSignal) => {
    if (signal.aborted) process.exit(signalExitCode(name));
    controller.abort(name);
  };
  // A terminal that is closed is told of more than once: by the kernel, by its shell, and by what is read and written.
  const ask = (name: StopSignal) => {
    if (!signal.aborted) controller.abort(name);
  };
  let onHangUp: () => 'stop' | undefined = () => (ignoresHangUp() ? undefined : 'stop');
  const hangUp = () => onHangUp() === 'stop' && ask('SIGHUP');
  process.on('SIGINT', stop).on('SIGTERM', stop).on('SIGHUP', hangUp);
  const forget = onLostTerminal(() => ask('SIGTERM'));
  return {
    signal,
    onHangUp(act) {
      onHangUp = act;
    },
    end() {
      process.off('SIGINT', stop).off('SIGTERM', stop).off('SIGHUP', hangUp);
      forget();
    },
  };
}
