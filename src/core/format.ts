/** The formats of reports. */
export const FORMATS = ['text', 'json', 'markdown', 'html', 'github', 'junit'] as const;
export type Format = (typeof FORMATS)[number];
