/** A list of problems that grows, and the part of it that is visible. */
import type {Problem} from '../core/problem.js';

/** The newest problems. Older ones are only in the log and the summary. */
export interface ProblemList {
  readonly kept: readonly Problem[];
  /** The number of all problems, including those that are no longer kept. */
  readonly count: number;
  /** The number of the last visible problem; undefined: always the newest. */
  readonly last: number | undefined;
}

/** A message that scrolls a list. */
export interface Scroll {
  readonly type: 'scroll';
  readonly by: number;
  /** How many problems are visible at once. */
  readonly shown: number;
}

/** How many problems are kept for scrolling: enough to read, and cheap to copy for each new problem. */
export const MAX_KEPT = 1000;

export const NO_PROBLEMS: ProblemList = {kept: [], count: 0, last: undefined};
/** Returns the list with a further problem. */
export function addProblem({kept, count, last}: ProblemList, problem: Problem): ProblemList {
  return {kept: [...kept.slice(1 - MAX_KEPT), problem], count: count + 1, last};
}

/** Returns the list scrolled by some lines. */
export function scroll(list: ProblemList, {by, shown}: Omit<Scroll, 'type'>): ProblemList {
  const {kept, count} = list;
  const first = count - kept.length + Math.min(shown, kept.length);
  const last = Math.max(first, (list.last ?? count) + by);
  return {...list, last: last < count ? last : undefined};
}

/** Returns the visible problems, and the number of the first one, counted from 1. */
export function visibleProblems({kept, count, last}: ProblemList, shown: number): {first: number; problems: readonly Problem[]} {
  const dropped = count - kept.length;
  const end = Math.max(Math.min(shown, kept.length), (last ?? count) - dropped);
  const start = Math.max(0, end - shown);
  return {first: dropped + start + 1, problems: kept.slice(start, end)};
}
