/** What the terminal supports. Not part of `ui`, so that checking does not load ink. */

export interface Streams {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
}

/** Whether a screen can be drawn and its keys read. */
export function canDraw({stdin, stdout}: Streams, {TERM, CI}: NodeJS.ProcessEnv): boolean {
  return Boolean(stdin.isTTY && stdout.isTTY) && TERM !== 'dumb' && !CI;
}

/** Whether stdout is coloured, as NO_COLOR and FORCE_COLOR say (no-color.org, force-color.org). */
export function hasColor(stdout: NodeJS.WriteStream, {NO_COLOR, FORCE_COLOR, CI, TERM}: NodeJS.ProcessEnv): boolean {
  if (FORCE_COLOR) return FORCE_COLOR !== '0';
  return !(NO_COLOR || CI || TERM === 'dumb' || !stdout.isTTY);
}
