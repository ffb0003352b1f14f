/** The commands and calls around a run. They do not influence the run, except that a failed `before` prevents it. */
import {setMaxListeners} from 'node:events';
import {DirsyncError} from '../core/errors.js';
import {escapeJson} from '../core/escape.js';
import type {Notice, NoticeTopic} from '../core/event.js';
import type {Heartbeat, HookEvent, HookName, Hooks, Webhook} from '../core/hooks.js';
import type {JobRun} from '../core/job-run.js';
import {jobRunDocument} from '../report/json.js';
import {callAddress} from './call.js';
import {type CommandResult, resultWords, runCommand} from './command.js';
import {endVariables, startVariables} from './variables.js';
import {webhookMessage} from './webhook.js';

/** The hooks of a run, from its settings. */
export interface Told {
  readonly hooks: Hooks;
  readonly heartbeat: Heartbeat | undefined;
  readonly webhook: Webhook | undefined;
}

/** A run and its hooks. */
export interface AroundOptions {
  readonly told: Told;
  /** The facts that are known when the run starts. */
  readonly run: Pick<JobRun, 'id' | 'job' | 'source' | 'target'>;
  /** The folder in which commands start; undefined for the folder of this process. */
  readonly cwd: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly onNotice: (notice: Notice) => void;
  /** Aborted if this process has to end within seconds. */
  readonly signal: AbortSignal;
  readonly times?: Partial<Times> | undefined;
}

/** All in milliseconds. */
interface Times {
  /** Between SIGTERM and SIGKILL. */
  readonly grace: number;
  /** The time for `after`, before its grace, if the run was interrupted. */
  readonly linger: number;
  /** Before each further attempt of a call. */
  readonly pauses: readonly number[];
  readonly webhook: number;
}

const TIMES: Times = {grace: 2000, linger: 2000, pauses: [1000, 2000], webhook: 10_000};

/** The hooks around one run. */
export class AroundRun {
  readonly #o: AroundOptions;
  readonly #times: Times;
  #start: Promise<void> = Promise.resolve();
  #hasBegun = false;

  constructor(options: AroundOptions) {
    this.#o = options;
    this.#times = {...TIMES, ...options.times};
    // Every running command and call of all jobs listens.
    setMaxListeners(0, options.signal);
  }

  /** Returns early when `signal` is aborted. @throws DirsyncError BEFORE_FAILED. */
  async before(): Promise<void> {
    const {env, run, signal} = this.#o;
    this.#start = this.#beat('start', []);
    const variables = {...env, ...startVariables(run)};
    await this.#tell('onStart', variables);
    if (signal.aborted) return;
    const result = await this.#run('before', variables);
    this.#hasBegun = result?.end.status !== 'not-started';
    if (result === undefined || result.end.status === 'done' || result.end.status === 'stopped') return;
    throw new DirsyncError('BEFORE_FAILED', resultWords(result), 'fix its cause, or change hooks.before in the config');
  }

  /** Runs `after`, whatever the result of the run; does nothing if `before` did not begin. @throws DirsyncError AFTER_FAILED. */
  async after(): Promise<void> {
    if (!this.#hasBegun) return;
    const {env, run} = this.#o;
    const result = await this.#run('after', {...env, ...startVariables(run)}, {linger: this.#times.linger});
    if (result === undefined || result.end.status === 'done') return;
    throw new DirsyncError('AFTER_FAILED', resultWords(result), 'the changes that hooks.after should undo may still be there');
  }

  /** Reports the result of the run, unless it was interrupted. An error becomes a notice. */
  async ended(run: JobRun): Promise<void> {
    if (run.result !== 'interrupted') await Promise.all([this.#tellCommands(run), this.#tellMonitor(run), this.#tellChat(run)]);
    await this.#start;
  }

  async #tellCommands(run: JobRun): Promise<void> {
    const events = eventsOf(run).filter((event) => this.#o.told.hooks.commands[event] !== undefined);
    if (events.length === 0) return;
    const variables = {...this.#o.env, ...startVariables(run), ...endVariables(run)};
    const input = `${escapeJson(JSON.stringify(jobRunDocument(run)))}\n`;
    for (const event of events) await this.#tell(event, variables, input);
  }

  async #tellMonitor({result}: JobRun): Promise<void> {
    // A start that arrives last would look like a run that continues.
    await this.#start;
    await this.#beat(result === 'success' ? 'success' : 'fail', this.#times.pauses);
  }

  async #beat(what: 'start' | 'success' | 'fail', pauses: readonly number[]): Promise<void> {
    const {told, signal} = this.#o;
    const url = told.heartbeat?.[what];
    if (told.heartbeat === undefined || url === undefined) return;
    const failure = await callAddress({url, timeout: told.heartbeat.timeout, pauses, signal});
    this.#note('heartbeat', failure === undefined ? 'info' : 'warn', `${what}: ${failure ?? 'sent'}`);
  }

  async #tellChat(run: JobRun): Promise<void> {
    const {webhook} = this.#o.told;
    if (webhook === undefined) return;
    if (run.result === 'success' && !hasChanged(run) && !webhook.always) return;
    const {pauses, webhook: timeout} = this.#times;
    const message = webhookMessage(run, webhook.format);
    const failure = await callAddress({url: webhook.url, message, timeout, pauses, signal: this.#o.signal});
    this.#note('webhook', failure === undefined ? 'info' : 'warn', failure ?? 'sent');
  }

  async #tell(event: HookEvent, env: NodeJS.ProcessEnv, input?: string): Promise<void> {
    const result = await this.#run(event, env, {input});
    if (result !== undefined && result.end.status !== 'done') this.#note('hook', 'warn', `${event}: ${resultWords(result)}`);
  }

  /** Undefined if there is no such command. */
  async #run(
    name: HookName,
    env: NodeJS.ProcessEnv,
    more: {input?: string | undefined; linger?: number} = {},
  ): Promise<CommandResult | undefined> {
    const {told, cwd, signal} = this.#o;
    const {commands, timeout} = told.hooks;
    const command = commands[name];
    if (command === undefined) return undefined;
    const options = {cwd, env: {...env, DIRSYNC_HOOK: name}, timeout, signal, grace: this.#times.grace, ...more};
    const result = await runCommand(command, options);
    if (result.end.status === 'done') this.#note('hook', 'info', `${name}: ${resultWords(result)}`);
    return result;
  }

  #note(about: NoticeTopic, level: Notice['level'], message: string): void {
    this.#o.onNotice({type: 'notice', level, about, message});
  }
}

function eventsOf(run: JobRun): HookEvent[] {
  const {result} = run;
  return [
    ...(hasChanged(run) ? ['onChange' as const] : []),
    result === 'success' ? 'onSuccess' : 'onFailure',
    ...(result === 'halted' ? ['onGuard' as const] : []),
  ];
}

function hasChanged({report}: JobRun): boolean {
  return report !== undefined && report.counts.done > 0;
}
