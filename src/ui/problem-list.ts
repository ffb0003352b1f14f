/** Problems as they come, and which of them are on the screen. */
import type {Problem} from '../core/problem.js';

/** The newest problems; the log and the summary have the others. */
export interface ProblemList {
  readonly kept: readonly Problem[];
  /** Of all problems, those no longer kept included. */
  readonly count: number;
  /** The number of the last one shown; undefined: the newest, also when another comes. */
  readonly last: number | undefined;
}

export interface Scroll {
  readonly type: 'scroll';
  readonly by: number;
  /** How many problems are shown at once. */
  readonly shown: number;
}

/** What can be scrolled back to: enough to read, and cheap to copy for each problem that comes. */
export const MAX_KEPT = 1000;

export const NO_PROBLEMS: ProblemList = {kept: [], count: 0, last: undefined};
export function addProblem({kept, count, last}: ProblemList, problem: Problem): ProblemList {
  return {kept: [...kept.slice(1 - MAX_KEPT), problem], count: count + 1, last};
}

export function scroll(list: ProblemList, {by, shown}: Omit<Scroll, 'type'>): ProblemList {
  const {kept, count} = list;
  const first = count - kept.length + Math.min(shown, kept.length);
  const last = Math.max(first, (list.last ?? count) + by);
  return {...list, last: last < count ? last : undefined};
}

/** The problems on the screen, and the number of the first of them, counted from 1. */
export function visibleProblems({kept, count, last}: ProblemList, shown: number): {first: number; problems: readonly Problem[]} {
  const dropped = count - kept.length;
  const end = Math.max(Math.min(shown, kept.length), (last ?? count) - dropped);
  const start = Math.max(0, end - shown);
  return {first: dropped + start + 1, problems: kept.slice(start, end)};
}
