/** A config file that could be read but not parsed. */
export class Unparsable extends Error {
  constructor(
    /** The escaped message. */
    readonly why: string,
    /** The line from 1, if known. */
    readonly line: number | undefined,
    cause: unknown,
  ) {
    super(why, {cause});
  }
}
