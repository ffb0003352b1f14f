/**
 * The progress of an apply: how much is done, how fast, and the time left. It is computed from events and the time passed in. The
 * cost of a step and of a byte is learned on the way: many small files are limited by steps, a few large ones by bytes.
 */
import type {ApplyPhase, ApplyProgress, ApplyStarted} from '../../core/event.js';
import type {RelPath} from '../../core/path.js';

/** The progress of an apply. Times are in milliseconds. */
export interface Progress {
  readonly started: number;
  readonly phase: ApplyPhase;
  /** The part of the work that is done, from 0 to less than 1. Never decreases. */
  readonly share: number;
  /** Time left; undefined until something was done. */
  readonly left: number | undefined;
  readonly actions: Amount;
  readonly bytes: Amount;
  /** Undefined for the first second. */
  readonly stepsPerSecond: number | undefined;
  readonly bytesPerSecond: number | undefined;
  /** The current path of each worker. */
  readonly current: readonly (RelPath | undefined)[];
  readonly memory: Memory;
}

interface Amount {
  readonly done: number;
  readonly total: number;
}

/** Data from one event to the next. */
interface Memory {
  readonly steps: Amount;
  readonly checks: number;
  /** Time of the last event, and of the last event with progress. */
  readonly seen: number;
  readonly worked: number;
  readonly learnt: Learnt;
  /** Sums over the last seconds. */
  readonly recent: {readonly time: number; readonly steps: number; readonly bytes: number};
}

/** Steps and bytes, each in the estimated time that they take. */
interface Work {
  readonly steps: number;
  readonly bytes: number;
}

/** The normal equations of `time = a × steps + b × bytes`, where each event is weighted by its work. */
interface Learnt {
  readonly steps: number;
  readonly both: number;
  readonly bytes: number;
  readonly stepsTime: number;
  readonly bytesTime: number;
}

/** The first estimate of a step and a byte, until both have been measured: 0.1 ms, and 500 MB/s. */
const STEP_TIME = 0.1;
const BYTE_TIME = 2e-6;
/** The cost of a check, relative to a step that changes something. */
const CHECK = 0.2;
/** The weight of the first estimate, relative to measurements. */
const GUESS = 0.02;
/** After this time, a measurement has a third of its weight. */
const LEARNT_TIME = 20_000;
const RECENT_TIME = 3000;
const LEFT_TIME = 1000;
/** A shorter time is not enough to compute a speed. */
export const SPEED_AFTER_MS = 1000;
/** The percentage stays at 99 until the end. */
const ALMOST = 0.999;

/** Returns the progress of an apply that has just started. `now`: milliseconds. */
export function startProgress({actions, steps, checks, bytes}: ApplyStarted, now: number): Progress {
  return {
    started: now,
    phase: checks > 0 ? 'check' : 'write',
    share: 0,
    left: undefined,
    actions: {done: 0, total: actions},
    bytes: {done: 0, total: bytes},
    stepsPerSecond: undefined,
    bytesPerSecond: undefined,
    current: [],
    memory: {
      steps: {done: 0, total: steps},
      checks,
      seen: now,
      worked: now,
      learnt: {steps: 0, both: 0, bytes: 0, stepsTime: 0, bytesTime: 0},
      recent: {time: 0, steps: 0, bytes: 0},
    },
  };
}

/** Returns the progress after an event. `now`: milliseconds. */
export function advance(progress: Progress, event: ApplyProgress, now: number): Progress {
  const {memory} = progress;
  const passed = Math.max(0, now - memory.seen);
  const steps = {done: Math.max(memory.steps.done, event.steps), total: memory.steps.total};
  const bytes = {done: Math.max(progress.bytes.done, event.bytes), total: progress.bytes.total};
  const restBefore = restOf(memory.steps, progress.bytes, memory.checks);
  const rest = restOf(steps, bytes, memory.checks);
  const work = {steps: Math.max(0, restBefore.steps - rest.steps), bytes: Math.max(0, restBefore.bytes - rest.bytes)};
  const isWork = work.steps + work.bytes > 0;
  const learnt = isWork ? learn(memory.learnt, work, Math.max(0, now - memory.worked)) : memory.learnt;
  const [before, after] = [timeOf(restBefore, learnt), timeOf(rest, learnt)];
  const recent = {
    time: faded(memory.recent.time, passed, RECENT_TIME) + passed,
    steps: faded(memory.recent.steps, passed, RECENT_TIME) + steps.done - memory.steps.done,
    bytes: faded(memory.recent.bytes, passed, RECENT_TIME) + bytes.done - progress.bytes.done,
  };
  return {
    started: progress.started,
    phase: event.phase,
    // The remaining share shrinks with the remaining time. A new estimate changes the pace, but never reverses it.
    share: before > 0 ? Math.min(ALMOST, 1 - (1 - progress.share) * (after / before)) : progress.share,
    left: isWork || progress.left !== undefined ? smooth(progress.left, after, passed) : undefined,
    actions: {done: Math.max(progress.actions.done, event.actions), total: progress.actions.total},
    bytes,
    ...(now - progress.started < SPEED_AFTER_MS
      ? {stepsPerSecond: undefined, bytesPerSecond: undefined}
      : {stepsPerSecond: perSecond(recent.steps, recent.time), bytesPerSecond: perSecond(recent.bytes, recent.time)}),
    current: event.current,
    memory: {
      steps,
      checks: memory.checks,
      seen: now,
      // The time of a flush does not count as a cost of steps or bytes.
      worked: isWork || event.phase === 'sync' ? now : memory.worked,
      learnt,
      recent,
    },
  };
}

function restOf(steps: Amount, bytes: Amount, checks: number): Work {
  const checksLeft = Math.max(0, checks - steps.done);
  const stepsLeft = Math.max(0, steps.total - steps.done);
  return {
    steps: STEP_TIME * (stepsLeft - (1 - CHECK) * checksLeft),
    bytes: BYTE_TIME * Math.max(0, bytes.total - bytes.done),
  };
}

function learn(learnt: Learnt, {steps, bytes}: Work, time: number): Learnt {
  const all = steps + bytes;
  const old = (sum: number) => faded(sum, time, LEARNT_TIME);
  return {
    steps: old(learnt.steps) + (steps * steps) / all,
    both: old(learnt.both) + (steps * bytes) / all,
    bytes: old(learnt.bytes) + (bytes * bytes) / all,
    stepsTime: old(learnt.stepsTime) + (steps * time) / all,
    bytesTime: old(learnt.bytesTime) + (bytes * time) / all,
  };
}

/** Returns the time that the work will take. */
function timeOf(work: Work, learnt: Learnt): number {
  const seen = learnt.steps + 2 * learnt.both + learnt.bytes;
  if (seen === 0) return work.steps + work.bytes;
  // If only one of both was measured, the estimate of the other is scaled too, but by less.
  const guess = GUESS * seen;
  const pace = Math.sqrt((learnt.stepsTime + learnt.bytesTime) / seen);
  const [steps, bytes] = [learnt.steps + guess, learnt.bytes + guess];
  const [stepsTime, bytesTime] = [learnt.stepsTime + guess * pace, learnt.bytesTime + guess * pace];
  const determinant = steps * bytes - learnt.both * learnt.both;
  const perStep = (stepsTime * bytes - bytesTime * learnt.both) / determinant;
  const perByte = (bytesTime * steps - stepsTime * learnt.both) / determinant;
  // A cost cannot be negative: then the other one accounts for all of the time.
  if (perStep < 0) return (work.bytes * bytesTime) / bytes;
  if (perByte < 0) return (work.steps * stepsTime) / steps;
  return work.steps * perStep + work.bytes * perByte;
}

/** Counts down with the clock, and moves towards the newest estimate. */
function smooth(left: number | undefined, estimate: number, passed: number): number {
  if (left === undefined) return estimate;
  const due = Math.max(0, left - passed);
  return estimate + faded(due - estimate, passed, LEFT_TIME);
}

function faded(value: number, passed: number, span: number): number {
  return value * Math.exp(-passed / span);
}

function perSecond(amount: number, time: number): number {
  return time > 0 ? (1000 * amount) / time : 0;
}
