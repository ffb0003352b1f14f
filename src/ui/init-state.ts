/** The state of the `init` screen, computed from keys. */
import {type Check, isAsked, QUESTIONS, type Question, type Texts, WHENS} from '../core/answers.js';

/** The questions and answers of `dirsync init`. */
export interface InitState {
  readonly texts: Texts;
  /** The questions that flags did not answer, in order. */
  readonly open: readonly Question[];
  readonly current: Question;
  /** The error in the current answer. */
  readonly mistake: string | undefined;
  readonly end: 'done' | 'left' | undefined;
}

export type InitMessage =
  | {readonly type: 'text'; readonly text: string}
  | {readonly type: 'erase' | 'erase-all' | 'enter' | 'back' | 'stop'}
  /** Moves by this many choices. */
  | {readonly type: 'choose'; readonly by: number};

const EMPTY = Object.fromEntries(QUESTIONS.map((question) => [question, ''])) as Record<Question, string>;

/** Returns the first state. `given`: answers that are not asked for. */
export function initialState(given: Partial<Texts>): InitState {
  const open = QUESTIONS.filter((question) => given[question] === undefined);
  const texts = {...EMPTY, when: 'by-hand', ...given};
  return {texts: withName(texts, open), open, current: open[0] ?? 'source', mistake: undefined, end: undefined};
}

/** Returns the state of `dirsync init` after a message. `check` returns the fault of an answer. */
export function initState(state: InitState, message: InitMessage, check: Check): InitState {
  const {texts, current, end} = state;
  if (end !== undefined) return state;
  const typed = (text: string): InitState => ({...state, texts: {...texts, [current]: text}, mistake: undefined});
  const isChoice = current === 'when';
  switch (message.type) {
    case 'text':
      return isChoice ? state : typed(texts[current] + message.text);
    case 'erase':
      return isChoice ? state : typed(Array.from(texts[current]).slice(0, -1).join(''));
    case 'erase-all':
      return isChoice ? state : typed('');
    case 'choose': {
      if (!isChoice) return state;
      const at = (WHENS as readonly string[]).indexOf(texts.when) + message.by;
      return typed(WHENS.at(at % WHENS.length) as string);
    }
    case 'back':
      return {...state, current: asked(state).findLast((question) => isBefore(question, current)) ?? current, mistake: undefined};
    case 'enter': {
      const mistake = check(current, texts[current], texts);
      if (mistake !== undefined) return {...state, mistake};
      const named = current === 'source' ? withName(texts, state.open) : texts;
      const next = asked(state).find((question) => isBefore(current, question));
      return next === undefined ? {...state, end: 'done'} : {...state, texts: named, current: next};
    }
    case 'stop':
      return {...state, end: 'left'};
  }
}

/** Returns the questions on the screen. */
export function asked({open, texts}: InitState): Question[] {
  return open.filter((question) => isAsked(question, texts.when));
}

function isBefore(question: Question, other: Question): boolean {
  return QUESTIONS.indexOf(question) < QUESTIONS.indexOf(other);
}

/** Sets the default name of the job: that of its source. */
function withName(texts: Texts, open: readonly Question[]): Texts {
  if (texts.job !== '' || !open.includes('job')) return texts;
  return {...texts, job: texts.source.split('/').findLast((name) => /[^.~]/.test(name)) ?? ''};
}
