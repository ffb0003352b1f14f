/** What is not our own word in Markdown: it stands in code spans, where nothing is Markdown, HTML, a link, a mention or a reference. */
import {escapeLine, escapeName} from '../../core/escape.js';
import type {Problem} from '../../core/problem.js';
import {plainPath} from '../words/words.js';

/**
 * An escaped text as a code span. What the span would lose or obey is written out: backticks, since GitHub knows no fence of
 * more than 80 of them, and spaces at the ends or in a row, which a browser drops.
 */
export function code(escaped: string): string {
  return `\`${escaped.replace(/^ | $|(?<= ) /g, '\\x20').replaceAll('`', '\\x60')}\``;
}

export function foreign(text: string): string {
  return text === '' ? '' : code(escapeName(text));
}

/**
 * Begins with a letter; then letters, digits, spaces, and marks where prose has them. No Markdown, URL, mention or reference
 * (`#1`, `GH-1`, a commit) fits in.
 */
const PROSE = /^(?=\p{L})(?!.*\b[0-9a-f]{7,40}\b)(?:[\p{L}\p{N} ,;'()%/→…]|[.:](?= |$)|(?<=\d)\.(?=\d)|(?<= )\.|-(?!\d))*$/u;

/** A sentence as it is when it is plain prose, else as code. */
export function prose(text: string): string {
  return PROSE.test(text) ? text : foreign(text);
}

/** As `prose`, for a sentence in which names are escaped already. */
export function escapedProse(text: string): string {
  return PROSE.test(text) ? text : code(escapeLine(text));
}

/** A problem as an item of a list. */
export function problemItem({path, side, code: problemCode, message}: Problem): string {
  return `- ${code(plainPath(path))} (${side}): ${foreign(problemCode)}, ${prose(message)}`;
}
