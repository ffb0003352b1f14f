/** Foreign text in Markdown: in code spans, where nothing is Markdown, HTML, a link, a mention or a reference. */
import {escapeLine, escapeName} from '../../core/escape.js';
import type {Problem} from '../../core/problem.js';
import {plainPath} from '../words/words.js';

/**
 * Renders an escaped text as a code span. Backticks are escaped, because GitHub supports at most 80 in a fence. Leading, trailing
 * and repeated spaces are escaped, because browsers drop them.
 */
export function code(escaped: string): string {
  return `\`${escaped.replace(/^ | $|(?<= ) /g, '\\x20').replaceAll('`', '\\x60')}\``;
}

/** Returns foreign text as a Markdown code span; an empty text stays empty. */
export function foreign(text: string): string {
  return text === '' ? '' : code(escapeName(text));
}

/**
 * Matches a letter, then letters, digits, spaces, and punctuation where prose has it. Matches no Markdown, URL, mention or
 * reference (`#1`, `GH-1`, a commit).
 */
const PROSE = /^(?=\p{L})(?!.*\b[0-9a-f]{7,40}\b)(?:[\p{L}\p{N} ,;'()%/→…]|[.:](?= |$)|(?<=\d)\.(?=\d)|(?<= )\.|-(?!\d))*$/u;

/** Returns a sentence unchanged if it is plain prose, otherwise as code. */
export function prose(text: string): string {
  return PROSE.test(text) ? text : foreign(text);
}

/** As `prose`, for a sentence with escaped names. */
export function escapedProse(text: string): string {
  return PROSE.test(text) ? text : code(escapeLine(text));
}

/** Renders a problem as a list item. */
export function problemItem({path, side, code: problemCode, message}: Problem): string {
  return `- ${code(plainPath(path))} (${side}): ${foreign(problemCode)}, ${prose(message)}`;
}
