/** What holds for each job, and where it was said. */

/** `default`: nowhere, it is built in. */
export const ORIGINS = ['flag', 'job', 'defaults', 'default'] as const;

export interface Origin {
  readonly from: (typeof ORIGINS)[number];
  /** The config file that says it: absolute. */
  readonly file?: string | undefined;
  /** From 1; absent where the file has no lines to tell. */
  readonly line?: number | undefined;
}

export interface ShownSetting {
  /** Such as `exclude`, or `hooks.onFailure`. */
  readonly key: string;
  /** Paths as they are expanded; of addresses only the host, since the rest is often a secret. */
  readonly value: string | number | boolean | readonly string[];
  readonly origin: Origin;
}

export interface ShownConfig {
  readonly file: string;
  /** That file, and then those that it extends, the strongest first. */
  readonly files: readonly string[];
  readonly jobs: readonly {readonly name: string; readonly settings: readonly ShownSetting[]}[];
}
