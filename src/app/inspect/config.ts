/** The settings of jobs, and where each is set. */
import {lineFinder} from '../../config/lines.js';
import {loadConfig} from '../../config/load.js';
import {shownSettings} from '../../config/origins.js';
import type {SettingFlags} from '../../config/settings.js';
import {DirsyncError} from '../../core/errors.js';
import type {ShownConfig} from '../../core/shown-config.js';

export interface ShowConfigOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** The file to read, instead of searching for one. */
  readonly file: string | undefined;
  /** Names of jobs; an empty list means all jobs. */
  readonly jobs: readonly string[];
  /** Flags that override the config. */
  readonly flags: SettingFlags;
  /** Also return settings that are not set anywhere, with their defaults. */
  readonly builtIn: boolean;
}

/**
 * Returns the settings of jobs.
 * @throws DirsyncError CONFIG_UNREADABLE, CONFIG_INVALID, JOB_UNKNOWN, or as `resolveSettings` does.
 */
export async function showConfig({cwd, env, file, jobs, flags, builtIn}: ShowConfigOptions): Promise<ShownConfig> {
  const config = await loadConfig({cwd, file, env});
  if (config === undefined) {
    const hint = 'write a dirsync.config.yaml here or in a folder above, or name a file with --config';
    throw new DirsyncError(
      'CONFIG_UNREADABLE',
      'no config file was found here, in a folder above or in your config folder',
      hint,
    );
  }
  const lineOf = lineFinder(config.layers);
  const names = jobs.length > 0 ? jobs : [...config.jobs.keys()];
  const shown = names.map((name) => ({name, settings: shownSettings(config, name, {flags, cwd, builtIn, lineOf})}));
  const files = [...new Set(config.layers.map((layer) => layer.file).reverse())];
  return {file: config.file, files, jobs: shown};
}
