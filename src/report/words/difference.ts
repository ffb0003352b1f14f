/** The difference of two texts, line by line, as `diff -u` shows it. Its texts are escaped. */
import {structuredPatch} from 'diff';
import {escapeLine} from '../../core/escape.js';

export interface DifferenceLine {
  readonly type: 'hunk' | 'same' | 'added' | 'removed';
  readonly text: string;
}

/** So many changed lines are looked for; texts that differ in more have hardly a line in common that means something. */
const MAX_EDITS = 20_000;
const MAX_MS = 400;

const TYPES: Readonly<Record<string, DifferenceLine['type']>> = {' ': 'same', '+': 'added', '-': 'removed'};

/** Undefined where the texts are too different to be compared in reasonable time. */
export function difference(before: string, after: string): DifferenceLine[] | undefined {
  const patch = structuredPatch('', '', before, after, '', '', {context: 3, maxEditLength: MAX_EDITS, timeout: MAX_MS});
  return patch?.hunks.flatMap(({oldStart, oldLines, newStart, newLines, lines}) => [
    {type: 'hunk' as const, text: `@@ -${range(oldStart, oldLines)} +${range(newStart, newLines)} @@`},
    // What begins with a backslash tells that the last line has no newline.
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
