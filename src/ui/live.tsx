/**
 * Keeps the state of a screen outside of React. Messages update the state at once, which is cheap. Drawing is expensive, so a timer
 * does it, and only if something has changed.
 */
import type {ReactNode} from 'react';
import {MAX_FPS, type Mounted, mount, refreshSize} from './mount.js';

/** The props of every screen. */
export interface ViewProps<State, Message> {
  readonly state: State;
  /** The current time in milliseconds, from `now` of the options. */
  readonly now: number;
  readonly columns: number;
  readonly rows: number;
  readonly send: (message: Message) => void;
}

/** How messages change the state of a screen, and how it is drawn. */
export interface LiveOptions<State, Message> {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly fullScreen: boolean;
  readonly initial: State;
  readonly fold: (state: State, message: Message, now: number) => State;
  readonly view: (props: ViewProps<State, Message>) => ReactNode;
  readonly now: () => number;
  readonly mountNode?: typeof mount;
}

/** An open screen. */
export interface Live<State, Message> {
  readonly state: State;
  send(message: Message): void;
  /** Removes the screen. */
  close(): Promise<void>;
}

/** A screen is redrawn at least this often, because it shows times. */
const CLOCK_MS = 1000;
const FRAME_MS = Math.ceil(1000 / MAX_FPS);

/** Opens a screen that is redrawn when messages change its state. */
export function openLive<State, Message>(options: LiveOptions<State, Message>): Live<State, Message> {
  const {stdout, fold, view, now, mountNode = mount} = options;
  let state = options.initial;
  let drawn: State | undefined;
  let drawnAt = 0;
  const send = (message: Message) => {
    state = fold(state, message, now());
  };
  const node = () => {
    drawn = state;
    drawnAt = now();
    const {columns = 80, rows = 24} = stdout;
    return view({state, now: drawnAt, columns, rows, send});
  };
  let mounted: Mounted;
  const draw = () => mounted.update(node());
  const resize = () => {
    mounted.reflow();
    draw();
  };
  // Before ink's own listener, so that its next frame fits.
  stdout.on('resize', resize);
  mounted = mountNode(node(), options);
  const timer = setInterval(() => {
    // The event of a new size may not have arrived yet. A frame for the old size would leave lines behind.
    refreshSize(stdout);
    if (state !== drawn || now() - drawnAt >= CLOCK_MS) draw();
  }, FRAME_MS);
  timer.unref();
  return {
    get state() {
      return state;
    },
    send,
    async close() {
      clearInterval(timer);
      stdout.off('resize', resize);
      mounted.clear();
      await mounted.unmount();
    },
  };
}
