/** The review of a plan in a terminal: the time until it is drawn, the time until it reacts to a key, and its memory. */
import {peakMemory, Terminal, type TerminalOptions} from './terminal.js';

/** The line of progress is erased at the moment when the plan is ready (app/output/progress-view). */
const PLAN_READY = '\r\x1b[K';
/** Each frame ends with this (synchronized output). */
const FRAME_END = '\x1b[?2026l';
/** The keys of a user who looks through a tree: `generatedTree` has 50 files to a folder and 100 folders to a top folder. */
const KEYS: readonly (readonly [key: string, what: string])[] = [
  ['\x1b[B', 'down'],
  ['\x1b[C', 'open a folder of 100 folders'],
  ['\x1b[B', 'down'],
  ['\x1b[C', 'open a folder of 50 files'],
  ['\x1b[B', 'down'],
  ['\x1b[B', 'down'],
  ['\x1b[6~', 'page down'],
  ['\x1b[5~', 'page up'],
  ['\x1b[D', 'to the folder'],
  ['\x1b[D', 'close it'],
  [' ', 'leave a folder out'],
  [' ', 'take it in again'],
  ['\x1b[H', 'to the top'],
  [' ', 'leave all out'],
  [' ', 'take all in again'],
  ['s', 'sort by name'],
  ['s', 'sort by kind'],
  ['s', 'sort by impact'],
  ['\x1b[F', 'to the end'],
  ['\x1b[H', 'to the top'],
  ['1', 'show new only'],
  ['0', 'show all'],
  ['-', 'close all'],
];
const TIMES = 3;
export const PRESSES = TIMES * KEYS.length;

export interface ReviewTurn {
  /** From the finished plan to the first frame. */
  readonly firstFrameMs: number;
  /** From each key to its frame, in the order in which they were pressed. */
  readonly keyMs: readonly number[];
  readonly peakBytes: number;
}

/** `command` opens a review of a plan that is slow enough for its progress to be drawn. */
export async function reviewOnce(command: readonly string[], options: TerminalOptions): Promise<ReviewTurn> {
  const terminal = new Terminal(command, options);
  const pid = await terminal.pid();
  const ready = await terminal.shows(PLAN_READY);
  const firstFrameMs = (await terminal.shows(FRAME_END)) - ready;
  const keyMs: number[] = [];
  for (let time = 0; time < TIMES; time++) for (const [key] of KEYS) keyMs.push(await terminal.press(key, FRAME_END));
  const peakBytes = peakMemory(pid);
  // It asks for confirmation, because something was chosen.
  await terminal.press('q', FRAME_END);
  await terminal.end('y');
  return {firstFrameMs, keyMs, peakBytes};
}

/** Such as "leave all out 0.031 s": the slowest key. */
export function slowestKey({keyMs}: ReviewTurn): string {
  const slowest = Math.max(...keyMs);
  const [, what] = KEYS[keyMs.indexOf(slowest) % KEYS.length] ?? [];
  return `${what} ${(slowest / 1000).toFixed(3)} s`;
}
