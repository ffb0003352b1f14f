/** The filters of a tree that is not at hand, as they are remembered of an earlier scan. */
import {parentPath, type RelPath, ROOT} from '../core/path.js';
import type {RememberedFilters} from '../core/plan.js';
import {FilterScope} from './filter.js';

/** Decides about any path, whether or not it exists. */
export class KnownFilters {
  readonly #root: FilterScope;
  readonly #rules: ReadonlyMap<RelPath, string>;
  readonly #tagged: ReadonlyMap<RelPath, string>;
  readonly #scopes = new Map<RelPath, FilterScope>();
  readonly #excluded = new Map<RelPath, boolean>([[ROOT, false]]);

  constructor({lines, rules, tagged}: RememberedFilters) {
    this.#root = FilterScope.root(lines);
    this.#rules = new Map(rules);
    this.#tagged = new Map(tagged);
  }

  excludes(path: RelPath, isFolder: boolean): boolean {
    if (path === ROOT) return false;
    const parent = parentPath(path);
    return this.#excludesFolder(parent) || this.#in(parent).excludes(path, isFolder);
  }

  #excludesFolder(folder: RelPath): boolean {
    const known = this.#excluded.get(folder);
    if (known !== undefined) return known;
    const excluded = this.excludes(folder, true);
    this.#excluded.set(folder, excluded);
    return excluded;
  }

  #in(folder: RelPath): FilterScope {
    const known = this.#scopes.get(folder);
    if (known !== undefined) return known;
    const above = folder === ROOT ? this.#root : this.#in(parentPath(folder));
    const scope = above.within(folder, this.#rules.get(folder), this.#tagged.get(folder));
    this.#scopes.set(folder, scope);
    return scope;
  }
}
