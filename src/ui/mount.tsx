/**
 * The only place where ink draws. A full screen uses the alternate screen of the terminal, so that leaving it restores the previous
 * content. Other screens are drawn below the last line of text and stay there. However the program ends or is suspended, cursor and
 * screen are restored.
 */
import {writeSync} from 'node:fs';
import process from 'node:process';
import {stripVTControlCharacters} from 'node:util';
import {render, useInput} from 'ink';
import type {ReactNode} from 'react';
import {columns} from '../report/words/columns.js';
import {openJobControl, takeRawMode} from './job-control.js';

/** The streams of a screen, and whether it uses the full screen. */
export interface MountOptions {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly fullScreen: boolean;
}

/** A drawn component. */
export interface Mounted {
  update(node: ReactNode): void;
  /** Draws the lines of a full screen, each as wide as the terminal. Must also be called when the size changes. */
  draw(lines: readonly string[]): void;
  /** Must be called when the width changes, before anything is drawn. */
  reflow(): void;
  /** Erases what was drawn. */
  clear(): void;
  /** Ends the screen. If it is not a full screen, its last frame stays. */
  unmount(): Promise<void>;
}

/** The most frames per second for changes without a key press. */
export const MAX_FPS = 15;

const ENTER = '\x1b[?1049h\x1b[2J\x1b[H';
const LEAVE = '\x1b[?1049l';
const SHOW_CURSOR = '\x1b[?25h';
const HIDE_CURSOR = '\x1b[?25l';
/** Between these, the terminal shows all output at once, and cuts long lines instead of wrapping them. */
const FRAME_START = '\x1b[?2026h\x1b[?7l';
const FRAME_END = '\x1b[?7h\x1b[?2026l';

/** Draws a component with ink on these streams. */
export function mount(node: ReactNode, {stdin, stdout, fullScreen}: MountOptions): Mounted {
  if (fullScreen) stdout.write(ENTER);
  const recorder = new Recorder(stdout);
  const jobControl = openJobControl({
    giveBack() {
      if (!fullScreen) instance.clear();
      stdout.write((fullScreen ? LEAVE : '') + SHOW_CURSOR);
      stdin.setRawMode(false);
    },
    takeAgain() {
      takeRawMode(stdin);
      stdout.write((fullScreen ? ENTER : '') + HIDE_CURSOR);
      const lines = drawn;
      forget();
      // If ink drew, it assumes that this frame is above the cursor.
      if (lines.length === 0) stdout.write(recorder.frame);
      else draw(lines);
      // While suspended, the program got no event for a new size.
      refreshSize(stdout);
    },
  });
  const whole = (content: ReactNode) => (
    <>
      <StopKey onStop={jobControl.stop} />
      {content}
    </>
  );
  const instance = render(whole(node), {
    stdin,
    stdout: recorder.stdout,
    exitOnCtrlC: false,
    patchConsole: false,
    // Not incremental, because ink 6.8 then misplaces the first line by one (log-update, cursorUp(previousVisible - 1)).
    incrementalRendering: false,
    // Key presses are drawn at once. Other changes are drawn by a timer (live.tsx).
    maxFps: 60,
  });
  // Also if the process ends early: process.exit, an exception, a second signal.
  const restore = () => {
    if (!stdout.isTTY) return;
    try {
      writeSync((stdout as NodeJS.WriteStream & {fd: number}).fd, (fullScreen ? LEAVE : '') + SHOW_CURSOR);
    } catch {
      // The terminal is gone.
    }
  };
  process.once('exit', restore);
  const exited = instance.waitUntilExit();
  // A screen that throws ends itself; unmount() rejects with the error.
  exited.catch(() => {});
  let drawn: readonly string[] = [];
  const forget = () => {
    drawn = [];
  };
  stdout.on('resize', forget);
  // Perf: ink lays out each cell of a frame. At 200 × 60 that takes 40 ms and 10 MB of short-lived objects, whose collection is
  // expensive with a million changes in memory (bench: review-million).
  const draw = (lines: readonly string[]) => {
    const start = drawn.length === 0 ? `${HIDE_CURSOR}\x1b[2J` : '';
    const changed = lines.map((line, row) => (line === drawn[row] ? '' : `\x1b[${row + 1}H\x1b[2K${line}`)).join('');
    if (start + changed !== '') stdout.write(FRAME_START + start + changed + FRAME_END);
    drawn = lines;
  };
  return {
    update: (next) => instance.rerender(whole(next)),
    draw,
    reflow() {
      if (!fullScreen) stdout.write('\x1b[2K\x1b[1A'.repeat(recorder.extraLines()));
    },
    clear: () => instance.clear(),
    async unmount() {
      jobControl.close();
      stdout.off('resize', forget);
      instance.unmount();
      // Synchronous, so that text written after this call is visible.
      if (fullScreen) stdout.write(LEAVE + SHOW_CURSOR);
      process.off('exit', restore);
      await exited;
    },
  };
}

/** Emits the event of a new size at once, if the size changed. */
export function refreshSize(stdout: NodeJS.WriteStream): void {
  (stdout as {_refreshSize?: () => void})._refreshSize?.();
}

/** Handles Ctrl-Z, which a raw terminal delivers as a key. Fast keys arrive as one text. */
function StopKey({onStop}: {readonly onStop: () => void}) {
  useInput((input, key) => {
    if (input.includes('\x1a') || (key.ctrl && input === 'z')) onStop();
  });
  return null;
}

/** What ink writes before a frame to erase the previous one. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what terminals are told.
const ERASE = /^(?:\x1b\[(?:2K|1A|G))+/;

/**
 * Remembers the last frame of ink, to redraw it. A terminal that gets narrower wraps lines, and ink, which counts the lines that it
 * wrote, would leave some behind.
 */
class Recorder {
  readonly stdout: NodeJS.WriteStream;
  frame = '';

  constructor(stdout: NodeJS.WriteStream) {
    const write = (text: string, ...rest: []) => {
      if (text.includes('\n')) this.frame = text.replace(ERASE, '');
      return stdout.write(text, ...rest);
    };
    this.stdout = Object.create(stdout, {write: {value: write}});
  }

  /** Returns how many more lines the frame takes now than ink wrote. */
  extraLines(): number {
    const {columns: width = 80} = this.stdout;
    const lines = stripVTControlCharacters(this.frame).split('\n');
    return lines.reduce((more, line) => more + Math.max(0, Math.ceil(columns(line) / width) - 1), 0);
  }
}
