/** Names of the source that its target cannot hold: left out, or written there in another way. */
import type {Abilities, HeldNames} from '../core/abilities.js';
import {escapeName} from '../core/escape.js';
import {fromByteName, toByteName} from '../core/name.js';
import {holderOf, Naming} from '../core/naming.js';
import type {PlanOptions} from '../core/plan.js';
import type {View} from '../platform/platform.js';
import {formatPlural} from '../report/units.js';

interface Counted {
  readonly count: number;
  readonly example: string;
}

export class NamesInTarget {
  readonly #holds: (name: string) => boolean;
  readonly #naming: Naming | undefined;
  #refused: Counted | undefined;
  #escaped: Counted | undefined;

  /** `view`: how the target is shown; where it is to be from now on, `renameInvalid` says so. */
  constructor(abilities: Abilities | undefined, view: View, {renameInvalid}: Pick<PlanOptions, 'renameInvalid'>) {
    const escaped: HeldNames | undefined = view.names ?? (renameInvalid ? abilities?.names : undefined);
    this.#holds = holderOf(abilities?.names, escaped);
    this.#naming = escaped && new Naming(escaped);
  }

  /** Whether the target can hold a new name; asked once for each. */
  holds(name: string): boolean {
    const isHeld = this.#holds(name);
    if (!isHeld) this.#refused = {count: (this.#refused?.count ?? 0) + 1, example: this.#refused?.example ?? name};
    const written = this.#naming === undefined ? name : fromByteName(this.#naming.write(toByteName(name)));
    if (isHeld && written !== name) {
      const example = this.#escaped?.example ?? `"${escapeName(name)}" as "${escapeName(written)}"`;
      this.#escaped = {count: (this.#escaped?.count ?? 0) + 1, example};
    }
    return isHeld;
  }

  warnings(): string[] {
    const [refused, escaped] = [this.#refused, this.#escaped];
    const wayOut = this.#naming === undefined ? '; --rename-invalid escapes them' : '';
    return [
      ...(refused === undefined
        ? []
        : [`the target cannot hold ${formatPlural(refused.count, 'name')}, such as "${escapeName(refused.example)}"${wayOut}`]),
      ...(escaped === undefined
        ? []
        : [`${formatPlural(escaped.count, 'name')} will be escaped in the target, such as ${escaped.example}`]),
    ];
  }
}
