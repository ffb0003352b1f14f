/** The difference between two texts, line by line, as in `diff -u`. Its texts are escaped. */
import {structuredPatch} from 'diff';
import {escapeLine} from '../../core/escape.js';

/** One line of a difference, with its sign. */
export interface DifferenceLine {
  readonly type: 'hunk' | 'same' | 'added' | 'removed';
  readonly text: string;
}

/** The most changed lines to search for. Texts with more changes have hardly any meaningful line in common. */
const MAX_EDITS = 20_000;
const MAX_MS = 400;

const TYPES: Readonly<Record<string, DifferenceLine['type']>> = {' ': 'same', '+': 'added', '-': 'removed'};

/** Returns the lines of the difference; undefined if the texts are too different to compare in reasonable time. */
export function difference(before: string, after: string): DifferenceLine[] | undefined {
  const patch = structuredPatch('', '', before, after, '', '', {context: 3, maxEditLength: MAX_EDITS, timeout: MAX_MS});
  return patch?.hunks.flatMap(({oldStart, oldLines, newStart, newLines, lines}) => [
    {type: 'hunk' as const, text: `@@ -${range(oldStart, oldLines)} +${range(newStart, newLines)} @@`},
    // A line that begins with a backslash says that the last line has no newline.
    ...lines.map((line) => ({
      type: TYPES[line.charAt(0)] ?? ('hunk' as const),
      text: escapeLine(TYPES[line.charAt(0)] ? line.slice(1) : line),
    })),
  ]);
}

function range(start: number, lines: number): string {
  if (lines === 1) return String(start);
  return lines === 0 ? `${start - 1},0` : `${start},${lines}`;
}
