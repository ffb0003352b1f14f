/** Watches a folder and everything in it for changes. */

import {once} from 'node:events';
import {lstatSync, statSync} from 'node:fs';
import {setTimeout as delay} from 'node:timers/promises';
import {Worker} from 'node:worker_threads';
import type {AsyncSubscription, Event} from '@parcel/watcher';

/** What to watch, and whom to call. */
export interface WatchOptions {
  /** An absolute path. */
  readonly root: string;
  /** Whether any of these changed paths matters. */
  readonly matters: (paths: readonly string[]) => boolean;
  readonly onChange: () => void;
  /** Called if watching has failed. Nothing is reported any more until `renew` is called again. */
  readonly onLost: (why: string) => void;
}

/** With more changes at a time than this, the kernel may have dropped some: fs.inotify.max_queued_events is 16,384 by default. */
const MANY_EVENTS = 1_000;
/** The time between attempts to start. */
const PAUSES_MS = [50, 100, 200, 400];
/** How often to check that the folder is still the watched one. */
const ROOT_MS = 2_000;

/** Whether watching had to start again; or why it is not possible. */
export type Renewed = 'as before' | 'anew' | {readonly deaf: string};

/**
 * On Linux, @parcel/watcher 2.6 does not report dropped events, and does not watch a folder that appeared together with its parent
 * (`mkdir -p`, a moved tree). So after many changes, and after any new folder, watching starts again before the next run, which
 * then sees all earlier changes. It may still miss a folder that appears while it starts, so if that run finds new folders,
 * watching starts again. @parcel/watcher does not report a replaced root at all.
 */
export class Watch {
  #subscription: AsyncSubscription | undefined;
  #root: string | undefined;
  #isStale = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: WatchOptions) {}

  get isListening(): boolean {
    return this.#subscription !== undefined;
  }

  /** Watches all existing folders from now on. Call it before each run. */
  async renew(): Promise<Renewed> {
    const {root} = this.options;
    if (!root.isWellFormed()) return {deaf: 'the watcher cannot watch a path that is not UTF-8'};
    if (this.isListening && !this.#isStale && this.#root === identityOf(root)) return 'as before';
    await this.close();
    for (const pause of [...PAUSES_MS, undefined]) {
      try {
        await this.#subscribe();
        break;
      } catch (error) {
        // It fails if a folder is removed while it starts; a missing root cannot be watched.
        if (pause === undefined || identityOf(root) === undefined) return {deaf: (error as Error).message};
        await delay(pause);
      }
    }
    this.#timer = setInterval(() => this.#lookAtRoot(), ROOT_MS).unref();
    return 'anew';
  }

  async #subscribe(): Promise<void> {
    const {root} = this.options;
    if (listening === 0) await tryToWatch(root);
    // This native module is loaded only here, since most runs watch nothing.
    const {subscribe} = (await import('@parcel/watcher')).default;
    this.#isStale = false;
    this.#root = identityOf(root);
    this.#subscription = await subscribe(root, (error, events) => this.#heard(error, events));
    listening++;
  }

  /** There may be folders that are not watched. */
  doubt(): void {
    this.#isStale = true;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    const subscription = this.#subscription;
    if (subscription === undefined) return;
    this.#subscription = undefined;
    listening--;
    // Unsubscribing from a removed folder fails.
    await subscription.unsubscribe().catch(() => {});
  }

  #heard(error: Error | null, events: readonly Event[]): void {
    if (error !== null) {
      if (!this.isListening) return;
      void this.close();
      this.options.onLost(error.message);
      return;
    }
    // This includes changes before `renew` has returned: the next run sees the new folder, but it may not be watched.
    this.#isStale ||= events.length > MANY_EVENTS || events.some(({type, path}) => type === 'create' && isFolder(path));
    if (!this.isListening) return;
    if (this.options.matters(events.map(({path}) => path))) this.options.onChange();
  }

  #lookAtRoot(): void {
    if (this.#isStale || identityOf(this.options.root) === this.#root) return;
    this.#isStale = true;
    this.options.onChange();
  }
}

/** The number of subscriptions: @parcel/watcher has one inotify instance for all of them. */
let listening = 0;

/**
 * If no inotify instance is left (fs.inotify.max_user_instances), @parcel/watcher 2.6 blocks the main thread for ever, and signals
 * are not handled. So Node first tries to watch in a thread, whose instance ends with it. Race: another process may take the last
 * instance right after that; then the program has to be killed. The watcher reports all other errors.
 */
async function tryToWatch(root: string): Promise<void> {
  const script = "const {workerData} = require('node:worker_threads'); require('node:fs').watch(workerData).close();";
  const worker = new Worker(script, {eval: true, workerData: root, stdout: true, stderr: true});
  await once(worker, 'exit').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EMFILE') throw new Error('all inotify instances are in use: raise fs.inotify.max_user_instances');
  });
}

function isFolder(path: string): boolean {
  return lstatSync(path, {throwIfNoEntry: false})?.isDirectory() ?? false;
}

/** Undefined if the folder cannot be read. */
function identityOf(path: string): string | undefined {
  try {
    const {dev, ino} = statSync(path, {bigint: true});
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}
