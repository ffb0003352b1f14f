/** Collects actions in any order and returns them in canonical order. */
import type {Action} from '../core/action.js';

/** Actions with their positions. Sorting is skipped if they were added in order. */
export class ActionList {
  readonly #actions: Action[] = [];
  /** The position of each action in canonical order. */
  #orders = new Float64Array(1024);
  #inOrder = true;

  get count(): number {
    return this.#actions.length;
  }

  /** `order`: the position of its path among all paths of both trees. */
  add(order: number, action: Action): void {
    const place = this.#actions.length;
    if (place > 0 && order < (this.#orders[place - 1] as number)) this.#inOrder = false;
    if (place === this.#orders.length) {
      const larger = new Float64Array(2 * place);
      larger.set(this.#orders);
      this.#orders = larger;
    }
    this.#orders[place] = order;
    this.#actions.push(action);
  }

  some(isWanted: (action: Action) => boolean): boolean {
    return this.#actions.some(isWanted);
  }

  sorted(): Action[] {
    if (this.#inOrder) return this.#actions;
    const orders = this.#orders;
    const places = Uint32Array.from(this.#actions.keys()).sort((a, b) => (orders[a] as number) - (orders[b] as number));
    return Array.from(places, (place) => this.#actions[place] as Action);
  }
}
