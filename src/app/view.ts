/** One way to show events and errors, and the text of errors in all of them. */
import {DirsyncError} from '../core/errors.js';
import {escapeName} from '../core/escape.js';
import type {Event} from '../core/event.js';

export interface View {
  /** `job`: whose event it is, where it has a name. */
  show(event: Event, job?: string): void;
  fail(error: unknown): void;
  close(): void | Promise<void>;
}

export function errorText(error: unknown): string {
  if (error instanceof DirsyncError) return withHint(error);
  const {stack, message} = error instanceof Error ? error : new Error(String(error));
  return `Error: dirsync has a bug, please report it\n${(stack ?? message).split('\n').map(escapeName).join('\n')}`;
}

export function withHint({message, hint}: {message: string; hint?: string | undefined}): string {
  return hint === undefined ? `Error: ${message}` : `Error: ${message}\n  ${hint}`;
}
