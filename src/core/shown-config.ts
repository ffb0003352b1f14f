/** The effective settings of each job, and where each comes from. */

/** `default`: a built-in value. */
export const ORIGINS = ['flag', 'job', 'defaults', 'default'] as const;

/** Where a value was set. */
export interface Origin {
  readonly from: (typeof ORIGINS)[number];
  /** The absolute path of the config file that sets it. */
  readonly file?: string | undefined;
  /** From 1; absent if the line is not known, as for a JavaScript config. */
  readonly line?: number | undefined;
}

/** One effective setting of a job. */
export interface ShownSetting {
  /** Such as `exclude`, or `hooks.onFailure`. */
  readonly key: string;
  /** Paths are expanded. Addresses are reduced to the host, because the rest is often secret. */
  readonly value: string | number | boolean | readonly string[];
  readonly origin: Origin;
}

/** The effective settings of all shown jobs. */
export interface ShownConfig {
  readonly file: string;
  /** That file and the files that it extends, highest precedence first. */
  readonly files: readonly string[];
  readonly jobs: readonly {readonly name: string; readonly settings: readonly ShownSetting[]}[];
}
