/** The questions and answers from which `dirsync init` writes a first config. */

export const QUESTIONS = ['source', 'target', 'job', 'exclude', 'when', 'every', 'at', 'cron', 'log', 'heartbeat'] as const;
export type Question = (typeof QUESTIONS)[number];

/** When the job runs; `every`, `at` and `cron` each lead to one more question. */
export const WHENS = ['by-hand', 'every', 'at', 'cron', 'watch'] as const;
export type When = (typeof WHENS)[number];

/** Checked answers; empty for an option that is not wanted. */
export interface Answers {
  readonly source: string;
  readonly target: string;
  readonly job: string;
  readonly exclude: readonly string[];
  readonly when: When;
  readonly every: string;
  readonly at: readonly string[];
  readonly cron: readonly string[];
  readonly log: string;
  readonly heartbeat: string;
}

/** Answers as typed, one line each; the parts of a list are separated by commas. */
export type Texts = Readonly<Record<Question, string>>;

/** Returns an escaped message that says what is wrong with an answer, or undefined if it is fine. */
export type Check = (question: Question, text: string, texts: Pick<Texts, 'source'>) => string | undefined;

/** Whether a question is asked, depending on the answer to `when`. */
export function isAsked(question: Question, when: string): boolean {
  const depends = question === 'every' || question === 'at' || question === 'cron';
  return !depends || question === when;
}

/** Splits a list that was typed as one line; empty parts are dropped. */
export function partsOf(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** Turns typed lines into answers. */
export function answersOf(texts: Texts): Answers {
  const cron = texts.cron.trim();
  return {
    ...texts,
    when: WHENS.find((when) => when === texts.when) ?? 'by-hand',
    exclude: partsOf(texts.exclude),
    at: partsOf(texts.at),
    cron: cron === '' ? [] : [cron],
  };
}
