/** Hears of changes in a job's source that its filters do not leave out. */
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
  /** `why`: in words that may be shown. */
  readonly onLost: (why: string) => void;
  /** Files and folders that runs write; absolute, without symlinks. */
  readonly own: ReadonlySet<string>;
}

/** Of more changes at a time than this, one will matter. */
const MOST_ASKED = 200;

function whatIsHeard({source, filters, excludeCaches, excludeIfPresent}: Settings): string {
  return JSON.stringify([source, filters, excludeCaches, excludeIfPresent]);
}

export class SourceWatch {
  #watch: Watch | undefined;

  constructor(
    private readonly settings: Settings,
    private readonly options: SourceWatchOptions,
  ) {}

  /** Whether it would be no other with these settings. */
  isFor(settings: Settings): boolean {
    return whatIsHeard(settings) === whatIsHeard(this.settings);
  }

  /** Listens from now on to all that is there. Why it cannot is in words that may be shown. */
  async renew(): Promise<Renewed> {
    try {
      this.#watch ??= this.#open();
    } catch (error) {
      return {deaf: errorOf(toError(error)).message};
    }
    const renewed = await this.#watch.renew();
    return typeof renewed === 'string' ? renewed : {deaf: escapeName(renewed.deaf)};
  }

  /** Folders may be there in which it does not listen. */
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
    // What the runs themselves write would start the next one.
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
          // The watcher takes names for UTF-8: what a filter says of the name that is meant is not known.
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
          // Of a source that cannot be looked at, a run tells why.
          return true;
        }
      },
    });
  }
}
