/** Shows scheduled runs on a full screen. Their summary stays on the terminal. */
import process from 'node:process';
import type {Event} from '../../core/event.js';
import type {Screen} from '../../ui/open.js';
import {newJob, type RunState, runsText} from '../../ui/run-state.js';
import {screenOptions} from './progress-view.js';
import {errorText, type View} from './view.js';

/** The name of a job, if any, and its roots. */
export type WatchedJob = Parameters<typeof newJob>[0];

/** Shows jobs that run on a schedule. */
export class RunView implements View {
  readonly #opened = Date.now();
  #isClosed = false;

  private constructor(private readonly screen: Screen<RunState>) {}

  static async open(jobs: readonly WatchedJob[]): Promise<RunView> {
    const {openRunScreen} = await import('../../ui/open.js');
    const initial = {jobs: jobs.map(newJob), stops: 0};
    return new RunView(openRunScreen({...screenOptions(), initial, now: Date.now}));
  }

  show(event: Event, job?: string): void {
    this.screen.onEvent(event, job);
  }

  fail(error: unknown): void {
    void this.close();
    process.stderr.write(`${errorText(error)}\n`);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const closed = this.screen.close();
    process.stdout.write(`${runsText(this.screen.state, Date.now() - this.#opened)}\n`);
    await closed;
  }
}
