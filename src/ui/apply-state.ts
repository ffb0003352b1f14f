/** The state of the apply screen, computed from events and keys. */
import type {Event} from '../core/event.js';
import {advance, type Progress, startProgress} from '../report/words/progress.js';
import {addProblem, NO_PROBLEMS, type ProblemList, type Scroll, scroll} from './problem-list.js';

/** The state of the apply screen. */
export interface ApplyState {
  readonly progress: Progress | undefined;
  readonly problems: ProblemList;
  /** How often the user asked to stop. */
  readonly stops: number;
}

export type ScreenMessage = Event | Scroll | {readonly type: 'stop'};

export const APPLY_STATE: ApplyState = {progress: undefined, problems: NO_PROBLEMS, stops: 0};

/** Returns the state of the apply screen after a message. `now`: milliseconds. */
export function applyState(state: ApplyState, message: ScreenMessage, now: number): ApplyState {
  switch (message.type) {
    case 'apply-started':
      return {...APPLY_STATE, progress: startProgress(message, now)};
    case 'apply-progress':
      return state.progress === undefined ? state : {...state, progress: advance(state.progress, message, now)};
    case 'problem':
      return {...state, problems: addProblem(state.problems, message.problem)};
    case 'scroll':
      return {...state, problems: scroll(state.problems, message)};
    case 'stop':
      return {...state, stops: state.stops + 1};
    default:
      return state;
  }
}
