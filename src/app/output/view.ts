/** The interface of views, which show events and errors; and the text of errors. */

import process from 'node:process';
import {BUG, DirsyncError} from '../../core/errors.js';
import {escapeName} from '../../core/escape.js';
import type {Event, Notice} from '../../core/event.js';
import type {StopSignal} from '../../core/outcome.js';

/** Shows the events of a command. */
export interface View {
  /** Shows an event. `job`: the name of its job, if any. */
  show(event: Event, job?: string): void;
  fail(error: unknown): void;
  /** Tells programs that the command was stopped before it had a result. */
  stopped?(by: StopSignal): void;
  close(): void | Promise<void>;
}

/** Prints a warning on stderr. Ignores other notices. */
export function tellNotice({level, about, message}: Notice): void {
  if (level === 'warn') process.stderr.write(`Warning: ${about}: ${message}\n`);
}

/** Returns an error as text for stderr; for a bug with its stack. */
export function errorText(error: unknown): string {
  if (error instanceof DirsyncError) return withHint(error);
  const {stack, message} = error instanceof Error ? error : new Error(String(error));
  return `Error: ${BUG}\n${(stack ?? message).split('\n').map(escapeName).join('\n')}`;
}

/** Returns a message with its hint on a second line. */
export function withHint({message, hint}: {message: string; hint?: string | undefined}): string {
  return hint === undefined ? `Error: ${message}` : `Error: ${message}\n  ${hint}`;
}
