/** Lines of a screen, in parts with their own styles. Texts are already escaped. */
import {styleText} from 'node:util';
import {columns, cut, cutStart, head} from '../report/words/columns.js';
import type {Style} from '../report/words/words.js';

export interface Span {
  readonly text: string;
  readonly style?: Style | undefined;
}

export type Line = readonly Span[];

/** Returns text with a style. The text must be escaped already. */
export function span(text: string, style?: Style): Span {
  return {text, style};
}

/** Returns the width of a line in terminal columns. */
export function widthOf(line: Line): number {
  return line.reduce((sum, {text}) => sum + columns(text), 0);
}

/** Returns the line in exactly `width` columns: padded with spaces, or cut with "…", also if a part ends exactly at the edge. */
export function fitLine(line: Line, width: number): Line {
  const fitted: Span[] = [];
  let left = width;
  for (const [i, {text, style}] of line.entries()) {
    const goesOn = line.slice(i + 1).some((part) => part.text.trim() !== '');
    const isFull = columns(text) >= left;
    const shown = isFull ? cut(goesOn ? `${text} ` : text.trimEnd(), left) : text;
    fitted.push({text: shown, style});
    left -= columns(shown);
    if (isFull) break;
  }
  if (left > 0) fitted.push({text: ' '.repeat(left)});
  return fitted;
}

/** Wraps a line, after spaces if possible. */
export function wrapLine(line: Line, width: number): Line[] {
  const lines: Span[][] = [[]];
  let left = width;
  for (const {text, style} of line) {
    for (let rest = text; rest !== ''; ) {
      // Only a part of the text, because a line may be as long as a file.
      const fitting = head(rest.slice(0, 4 * width), left);
      const isLast = fitting.length === rest.length;
      const part = isLast ? fitting : upToSpace(fitting);
      lines.at(-1)?.push({text: part, style});
      rest = rest.slice(part.length);
      left -= columns(part);
      if (isLast) continue;
      lines.push([]);
      left = width;
    }
  }
  return lines;
}

/** Wraps a line to at most `height` lines. If it does not fit, its middle is cut, because the end often says what to do. */
export function wrapTo(line: Line, width: number, height: number): Line[] {
  const lines = wrapLine(line, width);
  if (lines.length <= height) return lines;
  const last = Math.ceil(height / 2);
  const first = lines.slice(0, height - last);
  const [text, shown] = [textOf(line), first.map(textOf).join('')];
  const from = Math.max(shown.length, text.length - last * width);
  for (let space = text.indexOf(' ', from); space !== -1; space = text.indexOf(' ', space + 1)) {
    const end = wrapLine([span('…'), ...restOf(line, space + 1)], width);
    if (end.length <= last) return [...first, ...end];
  }
  return [...first, [span(cutStart(text, width), line.at(-1)?.style)]];
}

function textOf(line: Line): string {
  return line.map(({text}) => text).join('');
}

/** Returns the line without its first `start` characters. */
function restOf(line: Line, start: number): Line {
  let left = start;
  return line.map(({text, style}) => {
    const part = text.slice(Math.max(0, left));
    left -= text.length;
    return {text: part, style};
  });
}

function upToSpace(text: string): string {
  const space = text.lastIndexOf(' ');
  return space > text.length / 2 ? text.slice(0, space + 1) : text;
}

/** Aligns `left` to the left and `right` to the right edge. Cuts `left` if both do not fit. */
export function spread(left: Line, right: Line, width: number): Line {
  const room = Math.max(0, width - widthOf(right));
  return [...fitLine(left, room), ...right];
}

/** Returns the first text that fits, or else the last, which is the shortest. */
export function fitting(texts: readonly string[], width: number): string {
  return texts.find((text) => columns(text) <= width) ?? (texts.at(-1) as string);
}

/** Renders the line for a terminal; without colour as plain text. */
export function paint(line: Line, color: boolean): string {
  return line.map(({text, style}) => (color && style ? styleText(style, text, {validateStream: false}) : text)).join('');
}

/** Adds a style to the whole line. */
export function highlight(line: Line, style: Style): Line {
  const more = [style].flat();
  return line.map((part) => ({
    text: part.text,
    style: [...(part.style === undefined ? [] : [part.style].flat()), ...more] as Style,
  }));
}
