/** A config file that could be read, and is no YAML, JSON or module. */
export class Unparsable extends Error {
  constructor(
    /** Escaped. */
    readonly why: string,
    /** From 1. */
    readonly line: number | undefined,
    cause: unknown,
  ) {
    super(why, {cause});
  }
}
