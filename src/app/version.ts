import {createRequire} from 'node:module';

/** This program's version. package.json is found by name, wherever this module is bundled to. */
export const VERSION: string = (createRequire(import.meta.url)('dirsync/package.json') as {version: string}).version;
