/** Progress on a terminal: a line that is redrawn, or a screen for an apply that takes a while. */
import process from 'node:process';
import type {Event} from '../../core/event.js';
import {progressText} from '../../report/text/text.js';
import type {Progress} from '../../report/words/progress.js';
import {APPLY_STATE, type ApplyState, applyState} from '../../ui/apply-state.js';
import type {Screen} from '../../ui/open.js';
import {canDraw, hasColor} from './terminal.js';

/**
 * An apply gets a screen only after this time, and only if at least this much time is left. Perf: loading ink takes about 0.2 s and
 * must not slow down an apply by more than 5 % (bench: apply-drawn).
 */
const TAKEN_MS = 500;
const LEFT_MS = 4000;

/** Shows the progress of an apply on a screen or on one line of stderr. */
export class ApplyView {
  #state = APPLY_STATE;
  #screen: Screen<ApplyState> | undefined;
  #isLoading = false;
  #isOver = false;

  constructor(
    private readonly line: ProgressLine,
    private readonly hasScreen: boolean,
  ) {}

  show(event: Event): void {
    if (event.type === 'apply-started') this.#isOver = false;
    this.#screen?.onEvent(event);
    if (this.#screen !== undefined) return;
    this.#state = applyState(this.#state, event, performance.now());
    const {progress} = this.#state;
    if (event.type !== 'apply-progress' || progress === undefined) return;
    this.line.draw(() => progressText(progress));
    if (this.hasScreen && !this.#isLoading && isLong(progress) && canDraw(process, process.env)) void this.#open();
  }

  /** Removes the screen. Resolves when the terminal has been restored. */
  async close(): Promise<void> {
    const screen = this.#screen;
    this.#screen = undefined;
    this.#isOver = true;
    await screen?.close();
  }

  async #open(): Promise<void> {
    this.#isLoading = true;
    const {openApplyScreen} = await import('../../ui/open.js');
    this.#isLoading = false;
    if (this.#isOver) return;
    this.line.clear();
    this.#screen = openApplyScreen({...screenOptions(), initial: this.#state, now: () => performance.now()});
  }
}

function isLong({started, left = Number.POSITIVE_INFINITY}: Progress): boolean {
  return performance.now() - started >= TAKEN_MS && left >= LEFT_MS;
}

/** Options for a screen. A raw terminal delivers Ctrl-C as a key, so stopping sends the signal. */
export function screenOptions() {
  const {stdin, stdout} = process;
  return {stdin, stdout, color: hasColor(stdout, process.env), onStop: () => void process.kill(process.pid, 'SIGINT')};
}

/** A line on stderr that is redrawn. Draws nothing if stderr is not a terminal. */
export class ProgressLine {
  readonly #shown = Boolean(process.stderr.isTTY) && process.env.TERM !== 'dumb' && !process.env.CI;
  #drawn = false;

  draw(text: () => string): void {
    if (!this.#shown) return;
    const width = process.stderr.columns ?? 80;
    process.stderr.write(`\r${text().slice(0, width - 1)}\x1b[K`);
    this.#drawn = true;
  }

  clear(): void {
    if (this.#drawn) process.stderr.write('\r\x1b[K');
    this.#drawn = false;
  }
}
