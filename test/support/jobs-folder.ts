/** A folder with a config, and what was typed to run its jobs, for runs inside of the test's process. */
import fs from 'node:fs';
import path from 'node:path';
import type {Typed} from '../../src/app/typed.js';
import type {SettingFlags} from '../../src/config/settings.js';
import {type Tree, writeTree} from './tree.js';

export interface JobsFolder {
  readonly folder: string;
  readonly config: string;
  at(...names: string[]): string;
  typed(words?: readonly string[], flags?: Partial<SettingFlags>, fields?: Partial<Typed>): Typed;
  write(text: string): void;
}

/** `config`: the text of its `dirsync.config.yaml`, read by its path. */
export function jobsFolder(folder: string, config: string, tree: Tree = {}): JobsFolder {
  writeTree(folder, tree);
  const file = path.join(folder, 'dirsync.config.yaml');
  const write = (text: string) => fs.writeFileSync(file, text);
  write(config);
  return {
    folder,
    config: file,
    at: (...names) => path.join(folder, ...names),
    write,
    typed: (words = [], flags = {}, fields = {}) => ({
      words,
      flags: {filters: [], ...flags},
      config: file,
      format: undefined,
      events: false,
      all: false,
      ...fields,
    }),
  };
}
