/** Builds HTML safely: values in a template are text, unless a template produced them. */
import {escapeMarkup} from '../../core/entities.js';

/** Text that is already HTML. All other text is escaped where it is inserted. */
export class Markup {
  constructor(readonly text: string) {}
}

/** A value in a template. `undefined` and `false` render as nothing. */
export type Part = string | number | Markup | false | undefined | readonly Part[];

/** A template tag for HTML. Values may stand in text or between the double quotes of an attribute. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(strings.reduce((text, next, i) => text + render(parts[i - 1]) + next));
}

function render(part: Part): string {
  if (part === undefined || part === false) return '';
  if (part instanceof Markup) return part.text;
  if (typeof part === 'object') return part.map(render).join('');
  return escapeMarkup(String(part));
}

/** Marks a text as markup, such as a script or a style sheet. */
export function verbatim(text: string): Markup {
  return new Markup(text);
}
