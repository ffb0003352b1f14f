/** Watches the source of a job for changes that its filters do not leave out. */
import {lstatSync} from 'node:fs';
import {relative, resolve, sep} from 'node:path';
import {typedPatterns} from '../../config/patterns.js';
import type {Settings} from '../../config/settings.js';
import {escapeName} from '../../core/escape.js';
import {lossyName} from '../../core/name.js';
import type {RelPath} from '../../core/path.js';
import {platform} from '../../platform/choose.js';
import {findSource} from '../../platform/roots.js';
import {decideFilter} from '../../scan/decide.js';
import {type Renewed, Watch} from '../../schedule/watch.js';
import {toError} from '../errors.js';
import {errorOf} from './job.js';

export interface SourceWatchOptions {
  readonly onChange: () => void;
  /** `why`: the reason, escaped for display. */
  readonly onLost: (why: string) => void;
  /** Files and folders that runs write: absolute, without symlinks. */
  readonly own: ReadonlySet<string>;
}

/** If more changes than this come at once, at least one is assumed to matter. */
const MOST_ASKED = 200;

function whatIsHeard({source, filters, excludeCaches, excludeIfPresent}: Settings): string {
  return JSON.stringify([source, filters, excludeCaches, excludeIfPresent]);
}

/** Watches the source of a job, and ignores changes that the filters exclude. */
export class SourceWatch {
  #watch: Watch | undefined;

  constructor(
    private readonly settings: Settings,
    private readonly options: SourceWatchOptions,
  ) {}

  /** Whether the watch also fits these settings. */
  isFor(settings: Settings): boolean {
    return whatIsHeard(settings) === whatIsHeard(this.settings);
  }

  /** Watches everything that exists now. Returns the reason, escaped for display, if it cannot. */
  async renew(): Promise<Renewed> {
    try {
      this.#watch ??= this.#open();
    } catch (error) {
      return {deaf: errorOf(toError(error)).message};
    }
    const renewed = await this.#watch.renew();
    return typeof renewed === 'string' ? renewed : {deaf: escapeName(renewed.deaf)};
  }

  /** There may be folders that are not watched yet. */
  doubt(): void {
    this.#watch?.doubt();
  }

  async close(): Promise<void> {
    await this.#watch?.close();
  }

  #open(): Watch {
    const {path: root, bytes} = findSource(this.settings.source);
    const filtering = {...this.settings, filters: typedPatterns(this.settings.filters).map(({pattern}) => pattern)};
    const {own, onChange, onLost} = this.options;
    // Files that runs write would start the next run.
    const isOwn = (path: string) =>
      [...own].map(lossyName).some((file) => path === file || path.startsWith(`${file}.`) || path.startsWith(file + sep));
    const matters = (paths: readonly string[]) => {
      if (paths.length > MOST_ASKED) return true;
      const backend = platform();
      const folder = backend.openRoot(bytes);
      try {
        return paths.some((heard) => {
          const path = lossyName(heard);
          if (isOwn(path)) return false;
          // The watcher reads names as UTF-8, so it is unknown what a filter says about the real name.
          if (path.includes('\ufffd')) return true;
          const found = lstatSync(path, {throwIfNoEntry: false});
          const asked = {path: relative(root, resolve(path)) as RelPath, isFolder: found?.isDirectory() ?? false};
          return !decideFilter({platform: backend, root: folder, filtering, ...asked}).excluded;
        });
      } finally {
        backend.close(folder);
      }
    };
    return new Watch({
      onChange,
      onLost: (why) => onLost(escapeName(why)),
      root,
      matters: (paths) => {
        try {
          return matters(paths);
        } catch {
          // A run reports why the source cannot be read.
          return true;
        }
      },
    });
  }
}
