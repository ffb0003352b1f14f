/** HTML put together safely: whatever a template is given is text, unless a template made it. */

export class Markup {
  constructor(readonly text: string) {}
}

/** `undefined` and `false` give nothing. */
export type Part = string | number | Markup | false | undefined | readonly Part[];

const ENTITIES: Readonly<Record<string, string>> = {'&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;'};

/** A template tag. Values go where text goes, or between the double quotes of an attribute. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(strings.reduce((text, next, i) => text + render(parts[i - 1]) + next));
}

function render(part: Part): string {
  if (part === undefined || part === false) return '';
  if (part instanceof Markup) return part.text;
  if (typeof part === 'object') return part.map(render).join('');
  return String(part).replace(/[&<>"']/g, (char) => ENTITIES[char] as string);
}

/** Text that is known to be markup: a script, a style sheet. */
export function verbatim(text: string): Markup {
  return new Markup(text);
}
