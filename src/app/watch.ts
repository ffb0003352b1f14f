/** Hears of changes in a job's source that its filters do not leave out. */
import {lstatSync} from 'node:fs';
import {relative, resolve, sep} from 'node:path';
import type {Settings} from '../config/settings.js';
import {escapeName} from '../core/escape.js';
import type {RelPath} from '../core/path.js';
import {platform} from '../platform/choose.js';
import {findSource} from '../platform/roots.js';
import {decideFilter} from '../scan/decide.js';
import {type Renewed, Watch, type WatchOptions} from '../schedule/watch.js';
import {filterLines} from './plan.js';

/** Of more changes at a time than this, one will matter. */
const MOST_ASKED = 200;

export class SourceWatch {
  #watch: Watch | undefined;

  constructor(
    private readonly settings: Settings,
    private readonly options: Pick<WatchOptions, 'onChange' | 'onLost'>,
  ) {}

  /** Whether it would be no other with these settings. */
  isFor({source, filters, log, metrics}: Settings): boolean {
    const {settings} = this;
    const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
    return (
      source === settings.source && same(filters, settings.filters) && same([log, metrics], [settings.log, settings.metrics])
    );
  }

  /** Listens from now on to all that is there. Why it cannot is in words that may be shown. */
  async renew(): Promise<Renewed> {
    try {
      this.#watch ??= this.#open();
    } catch (error) {
      return {deaf: (error as Error).message};
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
    const filters = this.settings.filters.flatMap(filterLines);
    const own = [this.settings.log?.file, this.settings.metrics].filter((file) => file !== undefined);
    // What the runs themselves write would start the next one.
    const isOwn = (path: string) =>
      own.some((file) => path === file || path.startsWith(`${file}.`) || path.startsWith(file + sep));
    const matters = (paths: readonly string[]) => {
      if (paths.length > MOST_ASKED) return true;
      const backend = platform();
      const folder = backend.openRoot(bytes);
      try {
        return paths.some((path) => {
          const found = lstatSync(path, {throwIfNoEntry: false});
          const asked = {path: relative(root, resolve(path)) as RelPath, isFolder: found?.isDirectory() ?? false};
          return !isOwn(path) && !decideFilter({platform: backend, root: folder, filters, ...asked}).excluded;
        });
      } finally {
        backend.close(folder);
      }
    };
    return new Watch({
      ...this.options,
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
