/** Hears that something has changed below a folder. */

import {once} from 'node:events';
import {lstatSync, statSync} from 'node:fs';
import {setTimeout as delay} from 'node:timers/promises';
import {Worker} from 'node:worker_threads';
import type {AsyncSubscription, Event} from '@parcel/watcher';

export interface WatchOptions {
  /** Absolute path. */
  readonly root: string;
  /** Whether any of these changed paths matters. */
  readonly matters: (paths: readonly string[]) => boolean;
  readonly onChange: () => void;
  /** Nothing is heard any more until `renew` is asked again. */
  readonly onLost: (why: string) => void;
}

/** More changes at a time than this, and the kernel may have dropped some: fs.inotify.max_queued_events is 16,384 by default. */
const MANY_EVENTS = 1_000;
/** Between attempts to begin. */
const PAUSES_MS = [50, 100, 200, 400];
/** How often it is looked whether the folder is still the one that is listened to. */
const ROOT_MS = 2_000;

/** Whether it had to begin anew; or why nothing is heard. */
export type Renewed = 'as before' | 'anew' | {readonly deaf: string};

/**
 * @parcel/watcher 2.6 does not tell on Linux when the kernel dropped events, and does not listen in a folder that came together
 * with the one above it (`mkdir -p`, a tree that was moved in). So after many changes, and after any new folder, it listens anew
 * from the beginning: before a run, which then sees all that came before. It may still pass over a folder that comes while it
 * begins: when that run finds new folders, it is to be in doubt. A root that was replaced is not told at all.
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

  /** Listens from now on to all that is there; to be asked before each run. */
  async renew(): Promise<Renewed> {
    const {root} = this.options;
    if (!root.isWellFormed()) return {deaf: 'the watcher takes no path that is not UTF-8'};
    if (this.isListening && !this.#isStale && this.#root === identityOf(root)) return 'as before';
    await this.close();
    for (const pause of [...PAUSES_MS, undefined]) {
      try {
        await this.#subscribe();
        break;
      } catch (error) {
        // It gives up when a folder goes away while it begins; of a root that is not there, there is nothing to wait for.
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
    // Loaded only here: it is a native module, and most runs watch nothing.
    const {subscribe} = (await import('@parcel/watcher')).default;
    this.#isStale = false;
    this.#root = identityOf(root);
    this.#subscription = await subscribe(root, (error, events) => this.#heard(error, events));
    listening++;
  }

  /** Folders may be there in which it does not listen. */
  doubt(): void {
    this.#isStale = true;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    const subscription = this.#subscription;
    if (subscription === undefined) return;
    this.#subscription = undefined;
    listening--;
    // A folder that is gone cannot be left.
    await subscription.unsubscribe().catch(() => {});
  }

  #heard(error: Error | null, events: readonly Event[]): void {
    if (error !== null) {
      if (!this.isListening) return;
      void this.close();
      this.options.onLost(error.message);
      return;
    }
    // Also what is heard before `renew` has answered: the run after it sees the folder, but nobody may listen in it.
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

/** How many subscriptions there are: @parcel/watcher has one inotify instance for all of them. */
let listening = 0;

/**
 * Where no inotify instance is left (fs.inotify.max_user_instances), @parcel/watcher 2.6 would wait for ever, on the main thread, for a
 * thread of its own that has failed: no signal would be heard. So Node tries first, on a thread whose instance ends with it. Another
 * process may take the last one right after that; then the program has to be killed. What else is wrong, the watcher tells.
 */
async function tryToWatch(root: string): Promise<void> {
  const script = "const {workerData} = require('node:worker_threads'); require('node:fs').watch(workerData).close();";
  const worker = new Worker(script, {eval: true, workerData: root, stdout: true, stderr: true});
  await once(worker, 'exit').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EMFILE') throw new Error('no inotify instance is left: raise fs.inotify.max_user_instances');
  });
}

function isFolder(path: string): boolean {
  return lstatSync(path, {throwIfNoEntry: false})?.isDirectory() ?? false;
}

/** Undefined where nothing can be looked at. */
function identityOf(path: string): string | undefined {
  try {
    const {dev, ino} = statSync(path, {bigint: true});
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}
