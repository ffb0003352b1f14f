/**
 * Orders moves. A move needs the folder that it leads to, which may be new or move itself, and the move that frees its new name. A new
 * folder needs the same. Actions that need each other in a ring (two swapped names, or `d` that becomes `d/sub`) cannot all wait: one
 * move of the ring is parked first, which frees its name, and gets its path last.
 */
import {type Action, isCarried, spelledFrom} from '../core/action.js';
import {parentPath, type RelPath, ROOT} from '../core/path.js';
import {makesFolder, type OldPaths} from './old-paths.js';

/** What the steps of a wave are: see `WaveStep`. */
interface MoveWave {
  readonly step: 'renames' | 'folders' | 'parks' | 'moves';
  readonly actions: readonly number[];
}

export interface MoveOrder {
  readonly waves: readonly MoveWave[];
  /** The actions in these waves: all moves, and the new folders and spellings that they need. */
  readonly placed: ReadonlySet<number>;
}

/** An action that must be done first; `name`: only because its entry still has the name, so it is enough if that is parked. */
interface Need {
  readonly of: number;
  readonly why: 'folder' | 'name';
}

/** Orders the moves of a plan, with the new folders and the spellings that they need. */
export function moveOrder(actions: readonly Action[], paths: OldPaths): MoveOrder {
  return new Order(actions, paths).run();
}

/** Whether an action changes the spelling of a name that is found only after a move: all others are changed before all moves. */
export function isSpelledLate(action: Action, actions: readonly Action[], paths: OldPaths): boolean {
  let above = paths.shaperAbove(action.path);
  while (above !== undefined && !isCarried(actions[above] as Action)) above = paths.shaperAbove((actions[above] as Action).path);
  return spelledFrom(action) !== undefined && above !== undefined;
}

class Order {
  readonly #needs = new Map<number, readonly Need[]>();
  readonly #needing = new Map<number, {readonly by: number; readonly why: Need['why']}[]>();
  /** How many needs of an action are not met yet. */
  readonly #open = new Map<number, number>();
  readonly #parked = new Set<number>();
  readonly #done = new Set<number>();

  constructor(
    private readonly actions: readonly Action[],
    private readonly paths: OldPaths,
  ) {
    const asked = [...paths.moves];
    for (let index = asked.pop(); index !== undefined; index = asked.pop()) {
      if (this.#needs.has(index)) continue;
      const needs = this.#needsOf(index);
      this.#needs.set(index, needs);
      this.#open.set(index, needs.length);
      for (const {of, why} of needs) {
        const known = this.#needing.get(of);
        if (known === undefined) this.#needing.set(of, [{by: index, why}]);
        else known.push({by: index, why});
        asked.push(of);
      }
    }
  }

  #needsOf(index: number): Need[] {
    const {actions, paths} = this;
    const {path} = actions[index] as Action;
    const above = paths.shaperAbove(path);
    const isLate = above !== undefined && this.#isLate(actions[above] as Action);
    const freeing = spelledFrom(actions[index] as Action) === undefined ? paths.freeing(path) : [];
    return [
      ...(isLate ? [{of: above, why: 'folder'} as const] : []),
      ...freeing.filter((of) => of !== index).map((of) => ({of, why: 'name'}) as const),
    ];
  }

  /** Names that only get a different spelling have it before all moves. */
  #isLate(action: Action): boolean {
    return isCarried(action) || makesFolder(action) || isSpelledLate(action, this.actions, this.paths);
  }

  run(): MoveOrder {
    const waves: MoveWave[] = [];
    const add = (step: MoveWave['step'], level: readonly number[]) => {
      if (level.length > 0) waves.push({step, actions: level});
    };
    let ready = [...this.#needs.keys()].filter((index) => this.#open.get(index) === 0);
    while (this.#done.size < this.#needs.size) {
      const parked = ready.length === 0 ? this.#breakRings() : [];
      for (const level of this.#nested(parked)) add('parks', level);
      const at = (index: number) => this.actions[index] as Action;
      ready.sort((a, b) => a - b);
      add(
        'renames',
        ready.filter((index) => spelledFrom(at(index)) !== undefined),
      );
      add(
        'folders',
        ready.filter((index) => makesFolder(at(index))),
      );
      for (const level of this.#nested(ready.filter((index) => isCarried(at(index))))) add('moves', level);
      for (const index of ready) this.#done.add(index);
      for (const index of parked) this.#parked.add(index);
      ready = [...ready.flatMap((index) => this.#meet(index, 'done')), ...parked.flatMap((index) => this.#meet(index, 'parked'))];
    }
    return {waves, placed: this.#done};
  }

  /** Returns the actions whose last need this was. */
  #meet(index: number, how: 'done' | 'parked'): number[] {
    const wasParked = how === 'done' && this.#parked.has(index);
    return (this.#needing.get(index) ?? []).flatMap(({by, why}) => {
      if (how === 'parked' ? why !== 'name' : wasParked && why === 'name') return [];
      const open = (this.#open.get(by) as number) - 1;
      this.#open.set(by, open);
      return open === 0 ? [by] : [];
    });
  }

  /** Chooses a move of each ring of actions that wait for each other. Everything else waits for a ring. */
  #breakRings(): number[] {
    const parked: number[] = [];
    const seen = new Map<number, number>();
    let walk = 0;
    for (const start of this.#needs.keys()) {
      if (this.#done.has(start) || seen.has(start)) continue;
      walk++;
      const way: (Need & {readonly by: number})[] = [];
      let at = start;
      while (!seen.has(at)) {
        seen.set(at, walk);
        const need = (this.#needs.get(at) as readonly Need[]).find((each) => !this.#isMet(each)) as Need;
        way.push({by: at, ...need});
        at = need.of;
      }
      if (seen.get(at) !== walk) continue;
      const ring = way.slice(way.findIndex(({by}) => by === at));
      // A ring always has a name to be freed, since each folder lies above what needs it.
      parked.push((ring.find(({why}) => why === 'name') as Need).of);
    }
    return parked;
  }

  #isMet({of, why}: Need): boolean {
    return this.#done.has(of) || (why === 'name' && this.#parked.has(of));
  }

  /** Splits moves that are done at the same time: what moves out of a folder comes before the folder itself. */
  #nested(moves: readonly number[]): number[][] {
    const from = (index: number) => fromOf(this.actions[index] as Action);
    const all = new Set(moves.map(from));
    const levels = new Map<number, number[]>();
    for (const index of moves) {
      let depth = 0;
      for (let above = from(index); above !== ROOT; ) {
        above = parentPath(above);
        if (all.has(above)) depth++;
      }
      const level = levels.get(depth);
      if (level === undefined) levels.set(depth, [index]);
      else level.push(index);
    }
    return [...levels].sort(([a], [b]) => b - a).map(([, level]) => level);
  }
}

function fromOf(action: Action): RelPath {
  return isCarried(action) ? action.from : action.path;
}
