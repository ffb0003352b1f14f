/** The settings of jobs, and where each is set. */
import {z} from 'zod';
import {ORIGINS} from '../../core/shown-config.js';
import {format, name, ofType} from './parts.js';

const settingKeys = 'By key, such as "exclude" or "hooks.onFailure"';
export const configFields = {
  file: name.describe('The config file: absolute.'),
  files: z.array(name).describe('That file, and then those that it extends, the strongest first.'),
  jobs: z
    .record(
      z.string(),
      z
        .strictObject({
          settings: z
            .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]))
            .describe(`The values. ${settingKeys}; paths are absolute, and URLs show only their host.`),
          origins: z
            .record(
              z.string(),
              z.strictObject({
                from: z
                  .enum(ORIGINS)
                  .describe('The command line, the job, the defaults of a config file, or the built-in default.'),
                file: name.describe('The config file that sets it: absolute.').optional(),
                line: z.int().positive().describe('Its line there; absent if the file has no line numbers.').optional(),
              }),
            )
            .describe(`Where each value is set. ${settingKeys}.`),
        })
        .meta({id: 'jobSettings', description: 'The settings of one job.'}),
    )
    .describe('Jobs by name.'),
};

export const settings = z.strictObject({format, type: ofType('settings'), ...configFields});
