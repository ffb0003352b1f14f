/** The word that somebody most likely meant. */

/** The candidate nearest to `word`, or undefined when none is near: case, dashes and underscores do not count as differences. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = fold(word);
  let best: string | undefined;
  let least = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of candidates) {
    const folded = fold(candidate);
    // Long words take long to compare.
    if (Math.abs(folded.length - wanted.length) >= least) continue;
    const distance = levenshtein(wanted, folded);
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

function fold(word: string): string {
  return word.toLowerCase().replace(/[-_]/g, '');
}

/** How many characters have to be inserted, deleted or replaced to make `a` into `b`. */
function levenshtein(a: string, b: string): number {
  let row = Array.from({length: b.length + 1}, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replace, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
