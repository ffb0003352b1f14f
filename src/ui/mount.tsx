/**
 * The one place where ink draws. A full screen lives on the terminal's alternate screen, so that leaving it brings back what was
 * there before; anything else is drawn below the last line of text and stays there. However the program ends or is stopped, the
 * terminal gets its cursor and its screen back.
 */
import {writeSync} from 'node:fs';
import process from 'node:process';
import {stripVTControlCharacters} from 'node:util';
import {render, useInput} from 'ink';
import type {ReactNode} from 'react';
import {columns} from '../report/words/columns.js';
import {openJobControl, takeRawMode} from './job-control.js';

export interface MountOptions {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly fullScreen: boolean;
}

export interface Mounted {
  update(node: ReactNode): void;
  /** Draws a full screen by its lines, each as wide as the terminal; to be called when the terminal has another size, too. */
  draw(lines: readonly string[]): void;
  /** To be called when the terminal has become another width, before anything is drawn. */
  reflow(): void;
  /** Removes what was drawn, so that nothing of it stays. */
  clear(): void;
  /** Takes the screen down; what is not full screen stays as it was drawn last. */
  unmount(): Promise<void>;
}

/** Frames a second, at most, of what changes by itself. */
export const MAX_FPS = 15;

const ENTER = '\x1b[?1049h\x1b[2J\x1b[H';
const LEAVE = '\x1b[?1049l';
const SHOW_CURSOR = '\x1b[?25h';
const HIDE_CURSOR = '\x1b[?25l';
/** The terminal shows what is written between these at once, and cuts a line that is too wide instead of breaking it in two. */
const FRAME_START = '\x1b[?2026h\x1b[?7l';
const FRAME_END = '\x1b[?7h\x1b[?2026l';

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
      // Where ink drew, this is what it believes to stand above the cursor.
      if (lines.length === 0) stdout.write(recorder.frame);
      else draw(lines);
      // The signal of a new size goes to who has the terminal.
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
    // Not incremental: ink 6.8 then misses the first line of what it drew by one (log-update, cursorUp(previousVisible - 1)).
    incrementalRendering: false,
    // A key press is drawn at once: what changes by itself draws on a timer (live.tsx).
    maxFps: 60,
  });
  // Also when the process ends in the middle: process.exit, an exception, a second signal.
  const restore = () => {
    if (!stdout.isTTY) return;
    try {
      writeSync((stdout as NodeJS.WriteStream & {fd: number}).fd, (fullScreen ? LEAVE : '') + SHOW_CURSOR);
    } catch {
      // The terminal is gone, and its screen with it.
    }
  };
  process.once('exit', restore);
  const exited = instance.waitUntilExit();
  // A screen with a bug takes itself down; whoever unmounts it is told.
  exited.catch(() => {});
  let drawn: readonly string[] = [];
  const forget = () => {
    drawn = [];
  };
  stdout.on('resize', forget);
  // Perf: ink lays out each cell of a frame. At 200 × 60 that is some 40 ms and 10 MB of short-lived objects, which beside a
  // million changes are dear to collect (bench: review-million).
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
      // At once, so that text written after this call is seen.
      if (fullScreen) stdout.write(LEAVE + SHOW_CURSOR);
      process.off('exit', restore);
      await exited;
    },
  };
}

/** Tells of a new size at once, where there is one. */
export function refreshSize(stdout: NodeJS.WriteStream): void {
  (stdout as {_refreshSize?: () => void})._refreshSize?.();
}

/** A raw terminal hands over Ctrl-Z as a key. Keys that are pressed fast come as one text. */
function StopKey({onStop}: {readonly onStop: () => void}) {
  useInput((input, key) => {
    if (input.includes('\x1a') || (key.ctrl && input === 'z')) onStop();
  });
  return null;
}

/** What ink writes before a frame, to erase the one before. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what terminals are told.
const ERASE = /^(?:\x1b\[(?:2K|1A|G))+/;

/**
 * Remembers the frame that ink drew last, to draw it again. A terminal that gets narrower breaks lines in two, and ink, which counts
 * those that it wrote, would leave the first of them behind.
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

  /** How many more lines the frame takes up now than ink wrote. */
  extraLines(): number {
    const {columns: width = 80} = this.stdout;
    const lines = stripVTControlCharacters(this.frame).split('\n');
    return lines.reduce((more, line) => more + Math.max(0, Math.ceil(columns(line) / width) - 1), 0);
  }
}
