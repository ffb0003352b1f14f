export type {Entry} from './core/entry.js';
