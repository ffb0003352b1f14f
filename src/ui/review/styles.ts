/** The styles of the review's lines. */
import type {Style} from '../../report/words/words.js';

export const DIM: Style = 'dim';
export const STRONG: Style = 'bold';
export const ALARM: Style = ['bold', 'red'];
export const WARN: Style = 'yellow';
