import {createRequire} from 'node:module';

/** The version of this program. package.json is found by name, because this module is bundled into different places. */
export const VERSION: string = (createRequire(import.meta.url)('dirsync/package.json') as {version: string}).version;
