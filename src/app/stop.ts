/** Stops a command on a signal, or when a terminal that it needs is gone. */

import process from 'node:process';
import type {StopSignal} from '../core/outcome.js';
import {ignoresHangUp} from '../platform/process.js';
import {onLostTerminal} from '../platform/streams.js';
import {signalExitCode} from './exit-code.js';

export interface StopSignals {
  /** Aborts when the command should stop. Its reason is the name of a signal. */
  readonly signal: AbortSignal;
  /** Registers what SIGHUP does instead of stopping, as in a daemon. It still stops if `act` returns 'stop'. */
  readonly onHangUp: (act: () => 'stop' | undefined) => void;
  /** Removes the handlers, so that signals end the process again. */
  end(): void;
}

/** Starts to listen to SIGINT, SIGTERM, SIGHUP and the loss of a terminal in use. */
export function hearStopSignals(): StopSignals {
  const controller = new AbortController();
  const {signal} = controller;
  // The first signal stops cleanly, the second one at once. Unfinished files are in staging, never in their place.
  const stop = (name: StopSignal) => {
    if (signal.aborted) process.exit(signalExitCode(name));
    controller.abort(name);
  };
  // A closed terminal is reported several times: by the kernel, by its shell, and by reads and writes.
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
