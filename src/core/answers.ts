/** What is asked for a first config. */

export const QUESTIONS = ['source', 'target', 'job', 'exclude', 'when', 'every', 'at', 'cron', 'log', 'heartbeat'] as const;
export type Question = (typeof QUESTIONS)[number];

/** When the job runs; the three in the middle have a question of their own. */
export const WHENS = ['by-hand', 'every', 'at', 'cron', 'watch'] as const;
export type When = (typeof WHENS)[number];

/** Empty where nothing is wanted. */
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

/** Answers as they are typed, one line each; of a list, with commas. */
export type Texts = Readonly<Record<Question, string>>;

/** What is wrong with an answer, in words that are escaped; undefined when it will do. */
export type Check = (question: Question, text: string, texts: Pick<Texts, 'source'>) => string | undefined;

export function isAsked(question: Question, when: string): boolean {
  const depends = question === 'every' || question === 'at' || question === 'cron';
  return !depends || question === when;
}

/** The parts of a list that is typed as one line. */
export function partsOf(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

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
