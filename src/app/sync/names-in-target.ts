/** Names of the source that the target cannot hold. They are left out or escaped. */
import type {Abilities} from '../../core/abilities.js';
import {formatPlural} from '../../core/count.js';
import {fromByteName, toByteName} from '../../core/name.js';
import {holderOf, Naming} from '../../core/naming.js';
import type {View} from '../../platform/platform.js';
import {cut} from '../../report/words/columns.js';

/** Counts names, and keeps the first one as an example. */
class Counted {
  #count = 0;
  #example = '';

  add(example: string): void {
    if (this.#count++ === 0) this.#example = example;
  }

  /** Returns one warning, or none if no names were counted. */
  warning(say: (names: string, example: string) => string): string[] {
    return this.#count === 0 ? [] : [say(formatPlural(this.#count, 'name'), this.#example)];
  }
}

/** Counts the names that the target cannot hold or that are escaped, and warns of them. */
export class NamesInTarget {
  readonly #holds: (name: string) => boolean;
  readonly #couldHold: (name: string) => boolean;
  readonly #naming: Naming | undefined;
  readonly #refused = new Counted();
  readonly #tooLong = new Counted();
  readonly #escaped = new Counted();

  /** `escaped`: how names are escaped in the target, see `View`. */
  constructor(abilities: Abilities | undefined, {names: escaped}: View) {
    this.#holds = holderOf(abilities, escaped);
    this.#couldHold = holderOf(abilities, escaped ?? abilities?.names);
    this.#naming = escaped && new Naming(escaped);
  }

  /** Whether the target can hold a new name. Called once per name, because it counts them. */
  holds(name: string): boolean {
    const isHeld = this.#holds(name);
    const written = this.#naming === undefined ? name : fromByteName(this.#naming.write(toByteName(name)));
    if (isHeld && written !== name) this.#escaped.add(`${shown(name)} as ${shown(written)}`);
    if (!isHeld) (this.#couldHold(name) ? this.#refused : this.#tooLong).add(shown(name));
    return isHeld;
  }

  warnings(): string[] {
    return [
      ...this.#refused.warning(
        (names, example) => `the target cannot hold ${names}, such as ${example}; --rename-invalid escapes them`,
      ),
      ...this.#tooLong.warning((names, example) => `the target cannot hold ${names}, such as ${example}: too long`),
      ...this.#escaped.warning((names, example) => `${names} will be escaped in the target, such as ${example}`),
    ];
  }
}

/** Returns a name for a warning: shortened, because it may be too long for a line; not escaped, because views do that. */
function shown(name: string): string {
  return `"${cut(name, LONG)}"`;
}

const LONG = 60;
