/** A line of a screen, in parts with styles of their own. Texts are escaped before they come here. */
import {styleText} from 'node:util';
import {columns, cut, cutStart, head} from '../report/words/columns.js';
import type {Style} from '../report/words/words.js';

export interface Span {
  readonly text: string;
  readonly style?: Style | undefined;
}

export type Line = readonly Span[];

export function span(text: string, style?: Style): Span {
  return {text, style};
}

export function widthOf(line: Line): number {
  return line.reduce((sum, {text}) => sum + columns(text), 0);
}

/** The line in exactly so many columns: filled with spaces, or cut, which "…" tells also where one of its parts ends at the edge. */
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

/** The line broken, after a space where there is one, into as many as it takes to show all of it. */
export function wrapLine(line: Line, width: number): Line[] {
  const lines: Span[][] = [[]];
  let left = width;
  for (const {text, style} of line) {
    for (let rest = text; rest !== ''; ) {
      // A part of the text, since a line may be as long as a file.
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

/** The line broken into at most so many; where that does not show all of it, its middle goes: the end often says what to do. */
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

/** The line without its first characters. */
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

/** `left` at the left edge, `right` at the right one; the left is cut where both do not fit. */
export function spread(left: Line, right: Line, width: number): Line {
  const room = Math.max(0, width - widthOf(right));
  return [...fitLine(left, room), ...right];
}

/** The first of these texts that fits, or else the last, which is the shortest. */
export function fitting(texts: readonly string[], width: number): string {
  return texts.find((text) => columns(text) <= width) ?? (texts.at(-1) as string);
}

/** The line as a terminal takes it; without colour, plain text. */
export function paint(line: Line, color: boolean): string {
  return line.map(({text, style}) => (color && style ? styleText(style, text, {validateStream: false}) : text)).join('');
}

/** All of a line in one more style. */
export function highlight(line: Line, style: Style): Line {
  const more = [style].flat();
  return line.map((part) => ({
    text: part.text,
    style: [...(part.style === undefined ? [] : [part.style].flat()), ...more] as Style,
  }));
}
