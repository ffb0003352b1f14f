/** What is written to a log file. */

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const LOG_FORMATS = ['text', 'json'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

export interface LogSettings {
  /** As it was typed, or absolute. */
  readonly file: string;
  readonly format: LogFormat;
  /** The least that is written. */
  readonly level: LogLevel;
  /** Bytes after which a new file is begun. */
  readonly maxSize: number;
  /** Milliseconds after which a new file is begun; undefined: however old it is. */
  readonly maxAge: number | undefined;
  /** Older files that are kept beside it. */
  readonly maxFiles: number;
}
