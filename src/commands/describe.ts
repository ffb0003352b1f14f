/** The descriptions of commands in help. */

/** Exit codes and their meanings, as help lists them. Each command lists the ones that it can return. */
const EXIT_CODES = {
  0: 'done, or nothing to do',
  1: 'error or wrong usage; nothing was changed',
  2: 'changes are pending',
  3: 'done, except for some paths',
  4: 'the plan is stale, or was made for a different folder or user; nothing was changed',
  5: 'halted by a guard; nothing was changed',
  6: 'another run is working on the target',
  130: 'interrupted (SIGINT; 129: SIGHUP, 143: SIGTERM)',
} as const;

type Listed = keyof typeof EXIT_CODES;

/** Returns a command's description, followed by its exit codes. `own` overrides the meaning of single codes. */
export function describe(text: string, codes: readonly Listed[], own: Partial<Record<Listed, string>> = {}): string {
  const lines = codes.map((code) => `${String(code).padEnd(4)} ${own[code] ?? EXIT_CODES[code]}`);
  return `${text}\n\nEXIT CODES\n${lines.join('\n')}`;
}
