/** Escapes text for XML and HTML. File names must also go through `escapeName`. */

/** Entities of XML, and of HTML since version 5. */
const ENTITIES: Readonly<Record<string, string>> = {'&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;'};

/** Escapes text for any place, including quoted attributes. */
export function escapeMarkup(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ENTITIES[char] as string);
}

/** Escapes text for the content of an element, where quotes need no escape. */
export function escapeElement(text: string): string {
  return text.replace(/[&<>]/g, (char) => ENTITIES[char] as string);
}
