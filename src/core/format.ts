/** The forms in which a plan, a run or a history is reported. */
export const FORMATS = ['text', 'json', 'markdown', 'html', 'github', 'junit'] as const;
export type Format = (typeof FORMATS)[number];
