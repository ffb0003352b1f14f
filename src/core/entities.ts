/** Text within XML and HTML. What is a name passes `escapeName` besides. */

/** XML knows these, and HTML since its version 5. */
const ENTITIES: Readonly<Record<string, string>> = {'&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;'};

/** Text for anywhere, also between the quotes of an attribute. */
export function escapeMarkup(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ENTITIES[char] as string);
}

/** Text for an element, where quotes are like other characters. */
export function escapeElement(text: string): string {
  return text.replace(/[&<>]/g, (char) => ENTITIES[char] as string);
}
