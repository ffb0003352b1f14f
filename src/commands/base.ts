/** What all commands share: what was typed, converted into options of the functions in `app`. */
import {Command, Errors, type Interfaces} from '@oclif/core';
import type {Typed} from '../app/typed.js';
import type {FilterFlag} from '../config/settings.js';
import type {ActionKind} from '../core/action.js';
import type {Format} from '../core/format.js';
import type {OnDrift, Preservable} from '../core/plan.js';
import type {IoPriority} from '../core/priority.js';
import type {OnMissed, OnOverlap} from '../core/schedule.js';
import type {
  applyFlags,
  guardFlags,
  limitFlags,
  logFlags,
  narrowFlags,
  outputFlags,
  paceFlags,
  planFlags,
  rootFlags,
  scheduleFlags,
} from './flags.js';
import {type Asked, checkSwitches, usageError} from './usage.js';

interface Parsed {
  readonly argv: readonly unknown[];
  readonly flags: Partial<
    Interfaces.OutputFlags<
      typeof rootFlags &
        typeof planFlags &
        typeof narrowFlags &
        typeof guardFlags &
        typeof applyFlags &
        typeof paceFlags &
        typeof limitFlags &
        typeof scheduleFlags &
        typeof logFlags &
        typeof outputFlags
    >
  > & {
    metrics?: string | undefined;
    'skip-drifted'?: boolean | undefined;
  };
  readonly raw: readonly {readonly type: string; readonly flag?: string; readonly input?: string}[];
}

/** The base of all commands: reads flags, opens the output, and returns exit codes. */
export abstract class BaseCommand extends Command {
  protected override async init(): Promise<void> {
    checkSwitches(this.argv, this.#asked.flags);
  }

  protected override async catch(error: Error): Promise<never> {
    throw error instanceof Errors.CLIError && !(error instanceof Errors.ExitError) ? usageError(error, this.#asked) : error;
  }

  get #asked(): Asked {
    const {id, usage = [], flags = {}} = this.ctor;
    return {id: id.replaceAll(':', ' '), usage: [usage].flat(), flags: flags as Asked['flags'], commands: this.config.commands};
  }

  /** Converts parsed arguments and flags into the options of `app`. */
  protected typed({argv, flags, raw}: Parsed): Typed {
    return {
      words: argv.map(String),
      config: flags.config,
      format: flags.json ? 'json' : (flags.format as Format | undefined),
      events: flags.events ?? false,
      all: flags.full ?? false,
      flags: {
        source: flags.source,
        target: flags.target,
        filters: filtersOf(raw),
        excludeCaches: flags['exclude-caches'],
        excludeIfPresent: flags['exclude-if-present'],
        minSize: flags['min-size'],
        maxSize: flags['max-size'],
        delete: flags.delete,
        deleteBefore: flags['delete-before'],
        deleteAnyway: flags['delete-anyway'],
        deleteExcluded: flags['delete-excluded'],
        checksum: flags.checksum,
        sizeOnly: flags['size-only'],
        mtimeWindow: flags['mtime-window'],
        preserve: flags.preserve as Preservable[] | undefined,
        noPreserve: flags['no-preserve'] as Preservable[] | undefined,
        ownerBy: flags['owner-by'] as Typed['flags']['ownerBy'],
        oneFileSystem: flags['one-file-system'],
        linksAs: flags['links-as'] as Typed['flags']['linksAs'],
        renameInvalid: flags['rename-invalid'],
        moves: flags.moves,
        moveCheckLimit: flags['move-check-limit'],
        memory: flags.memory,
        onDrift: flags['on-drift'] as OnDrift | undefined,
        maxDelete: flags['max-delete'],
        allow: flags.allow as Typed['flags']['allow'],
        every: flags.every,
        cron: flags.cron,
        at: flags.at,
        timezone: flags.timezone,
        delay: flags.delay,
        jitter: flags.jitter,
        overlap: flags.overlap as OnOverlap | undefined,
        missed: flags.missed as OnMissed | undefined,
        backoff: flags.backoff,
        activeHours: flags['active-hours'],
        watch: flags.watch,
        debounce: flags.debounce,
        maxDuration: flags['max-duration'],
        metrics: flags.metrics,
        log: flags.log,
        logFormat: flags['log-format'] as Typed['flags']['logFormat'],
        logLevel: flags['log-level'] as Typed['flags']['logLevel'],
        rate: flags.rate,
        ioPriority: flags['io-priority'] as IoPriority | undefined,
        fsync: flags.fsync as Typed['flags']['fsync'],
        live: flags.live as Typed['flags']['live'],
        probe: flags.probe,
        mkpath: flags.mkpath,
        skipDrifted: flags['skip-drifted'],
        lockTimeout: flags['lock-timeout'],
        narrow: {
          only: flags.only ?? [],
          except: flags.except ?? [],
          kinds: (flags.kinds ?? []) as ActionKind[],
          onlyFrom: flags['only-from'],
          from0: flags.from0,
        },
      },
    };
  }
}

/** Returns the filters of all three flags in the order in which they were typed, because the last match wins. */
function filtersOf(raw: Parsed['raw']): FilterFlag[] {
  return raw.flatMap(({type, flag, input}) => {
    const isFilter = type === 'flag' && (flag === 'exclude' || flag === 'include' || flag === 'exclude-from');
    return isFilter && input !== undefined ? [{flag, value: input} as FilterFlag] : [];
  });
}
