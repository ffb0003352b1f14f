/** Counts of things, for people. */

/** A whole number with its thousands set apart: "84,012". */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** "84,012 files"; `plural` where an "s" does not make it. */
export function formatPlural(count: number, singular: string, plural = `${singular}s`): string {
  return `${formatCount(count)} ${count === 1 ? singular : plural}`;
}
