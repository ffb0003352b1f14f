/** The screens as the app opens them. Loading this module loads ink. */
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
  /** What has happened before the screen was there. */
  readonly initial: State;
  /** Called for each wish to stop: the first asks, the second insists. */
  readonly onStop: () => void;
  /** Milliseconds. */
  readonly now: () => number;
}

export interface Screen<State> {
  readonly state: State;
  /** `job`: whose event it is, where it has a name. */
  onEvent(event: Event, job?: string): void;
  /** Takes the screen down at once; done when the terminal has heard of it. */
  close(): Promise<void>;
}

/** Drawn below the text; nothing of it stays. */
export function openApplyScreen(options: ScreenOptions<ApplyState>): Screen<ApplyState> {
  const {color, onStop} = options;
  return open<ApplyState, ScreenMessage>(options, {
    fullScreen: false,
    fold: applyState,
    view: (props) => <ApplyScreen {...props} color={color} send={heard(props.send, onStop)} />,
    messageOf: (event) => event,
  });
}

/** Takes the whole terminal, since it is there for hours. */
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
  /** Called once, when all is answered or the screen was left. */
  readonly onEnd: (state: InitState) => void;
}

/** Asks. Close it. */
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
