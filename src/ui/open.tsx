/** Opens screens. Loading this module loads ink. */
import type {Check} from '../core/answers.js';
import type {Event} from '../core/event.js';
import {ApplyScreen} from './apply-screen.js';
import {type ApplyState, applyState, type ScreenMessage} from './apply-state.js';
import {InitScreen} from './init-screen.js';
import {type InitMessage, type InitState, initState} from './init-state.js';
import {type LiveOptions, openLive} from './live.js';
import {RunScreen} from './run-screen.js';
import {type RunMessage, type RunState, runState} from './run-state.js';

export interface ScreenOptions<State> {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly color: boolean;
  /** The state before the screen opened. */
  readonly initial: State;
  /** Called each time the user asks to stop. The first call stops cleanly, the second one at once. */
  readonly onStop: () => void;
  /** Milliseconds. */
  readonly now: () => number;
}

/** An open screen, its state and its listener for events. */
export interface Screen<State> {
  readonly state: State;
  /** Shows an event. `job`: the name of its job, if any. */
  onEvent(event: Event, job?: string): void;
  /** Removes the screen. Resolves when the terminal has been restored. */
  close(): Promise<void>;
}

/** Opens the screen of an apply, below the text. It is removed at the end. */
export function openApplyScreen(options: ScreenOptions<ApplyState>): Screen<ApplyState> {
  const {color, onStop} = options;
  return open<ApplyState, ScreenMessage>(options, {
    fullScreen: false,
    fold: applyState,
    view: (props) => <ApplyScreen {...props} color={color} send={heard(props.send, onStop)} />,
    messageOf: (event) => event,
  });
}

/** Opens the screen of scheduled runs, as a full screen, because it stays open for hours. */
export function openRunScreen(options: ScreenOptions<RunState>): Screen<RunState> {
  const {color, onStop} = options;
  return open<RunState, RunMessage>(options, {
    fullScreen: true,
    fold: runState,
    view: (props) => <RunScreen {...props} color={color} send={heard(props.send, onStop)} />,
    messageOf: (event, job) => ({type: 'of-job', job, event}),
  });
}

interface Drawing<State, Message> extends Pick<LiveOptions<State, Message>, 'fullScreen' | 'fold' | 'view'> {
  readonly messageOf: (event: Event, job: string | undefined) => Message;
}

export interface InitScreenOptions extends Pick<ScreenOptions<InitState>, 'stdin' | 'stdout' | 'color' | 'initial' | 'now'> {
  readonly file: string;
  readonly check: Check;
  /** Called once, when all questions are answered or the user quits. */
  readonly onEnd: (state: InitState) => void;
}

/** Opens the screen of `init`. The caller closes it. */
export function openInitScreen({stdin, stdout, color, initial, now, file, check, onEnd}: InitScreenOptions) {
  return openLive<InitState, InitMessage>({
    stdin,
    stdout,
    initial,
    now,
    fullScreen: false,
    fold(state, message) {
      const next = initState(state, message, check);
      if (next.end !== state.end) onEnd(next);
      return next;
    },
    view: (props) => <InitScreen {...props} file={file} color={color} />,
  });
}

function open<State, Message>(
  {stdin, stdout, initial, now}: ScreenOptions<State>,
  {messageOf, ...drawing}: Drawing<State, Message>,
): Screen<State> {
  const live = openLive<State, Message>({stdin, stdout, initial, now, ...drawing});
  return {
    get state() {
      return live.state;
    },
    onEvent: (event, job) => live.send(messageOf(event, job)),
    close: live.close,
  };
}

function heard<Message extends {readonly type: string}>(send: (message: Message) => void, onStop: () => void) {
  return (message: Message) => {
    send(message);
    if (message.type === 'stop') onStop();
  };
}
