/**
 * Shared by the suites in `test/faults`: the number of rounds, repeatable random numbers, and a table of results. `npm run
 * test:faults` runs all rounds; `npm run test:long` runs a part of them.
 */
import {randomInt} from 'node:crypto';
import {uniformInt} from 'pure-rand/distribution/uniformInt';
import {xoroshiro128plus} from 'pure-rand/generator/xoroshiro128plus';

export const IS_FULL = process.env.FAULTS === 'full';

/** The number of rounds of a kind. */
export function rounds({full, short}: {full: number; short: number}): number {
  return IS_FULL ? full : short;
}

/** Random numbers from a seed: SEED in the environment repeats the run that printed it. */
export class Chance {
  readonly #generator;

  constructor(readonly seed = Number(process.env.SEED ?? randomInt(2 ** 31))) {
    this.#generator = xoroshiro128plus(seed);
  }

  /** A whole number from `least` to `most`, both included. */
  int(least: number, most: number): number {
    return uniformInt(this.#generator, least, most);
  }

  of<T>(values: readonly T[]): T {
    return values[this.int(0, values.length - 1)] as T;
  }
}

export interface Finding {
  /** The fault, such as "kill -9, every kind of action". */
  readonly fault: string;
  readonly rounds: number;
  readonly seed?: number | undefined;
  /** How often each forbidden result occurred. */
  readonly found: Readonly<Record<string, number>>;
}

const findings: Finding[] = [];

/** Adds a row to the table that is printed at the end. */
export function report(finding: Finding): void {
  findings.push(finding);
}

process.on('exit', () => {
  if (findings.length === 0) return;
  const rows = findings.map(({fault, rounds: count, seed, found}) => [
    fault,
    `${count} rounds`,
    Object.entries(found)
      .map(([what, times]) => `${times} ${what}`)
      .join(', '),
    seed === undefined ? '' : `SEED=${seed}`,
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => (row[column] as string).length)));
  for (const row of rows)
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
});
