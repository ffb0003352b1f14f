/** HTML put together safely: whatever a template is given is text, unless a template made it. */
import {escapeMarkup} from '../../core/entities.js';

export class Markup {
  constructor(readonly text: string) {}
}

/** `undefined` and `false` give nothing. */
export type Part = string | number | Markup | false | undefined | readonly Part[];

/** A template tag. Values go where text goes, or between the double quotes of an attribute. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(strings.reduce((text, next, i) => text + render(parts[i - 1]) + next));
}

function render(part: Part): string {
  if (part === undefined || part === false) return '';
  if (part instanceof Markup) return part.text;
  if (typeof part === 'object') return part.map(render).join('');
  return escapeMarkup(String(part));
}

/** Text that is known to be markup: a script, a style sheet. */
export function verbatim(text: string): Markup {
  return new Markup(text);
}
