/** Settings of the log file. */

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const LOG_FORMATS = ['text', 'json'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** Where and how a log is written. */
export interface LogSettings {
  /** The path as typed, or an absolute path from a config. */
  readonly file: string;
  readonly format: LogFormat;
  /** The lowest level that is written. */
  readonly level: LogLevel;
  /** Bytes after which a new file begins. */
  readonly maxSize: number;
  /** Milliseconds after which a new file begins; undefined for no limit. */
  readonly maxAge: number | undefined;
  /** The number of older files to keep. */
  readonly maxFiles: number;
}
