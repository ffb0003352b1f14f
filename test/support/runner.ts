/** The commands that CI runners find in the output of a step: as GitHub's `ActionCommand.cs` and Azure's `Command.cs` do. */

/** Those of `ActionCommandManager.cs`. */
const REGISTERED = new Set([
  'add-mask',
  'add-matcher',
  'add-path',
  'debug',
  'echo',
  'endgroup',
  'error',
  'group',
  'internal-set-repo-path',
  'notice',
  'remove-matcher',
  'save-state',
  'set-env',
  'set-output',
  'stop-commands',
  'warning',
]);

/** The lines that a runner obeys. */
export function obeyed(text: string): string[] {
  return text.split(/\r\n|\r|\n/).filter((line) => isV2(line) || isV1(line) || isAzure(line) || line.includes('##teamcity['));
}

function isRegistered(info: string): boolean {
  return REGISTERED.has((info.split(' ')[0] as string).toLowerCase());
}

/** `TryParseV2`: `::name …::…`, after characters that `TrimStart` treats as blanks. */
function isV2(line: string): boolean {
  const message = line.replace(/^[\p{Zs}\p{Zl}\p{Zp}\t-\r\x85]+/u, '');
  const end = message.indexOf('::', 2);
  return message.startsWith('::') && end >= 0 && isRegistered(message.slice(2, end));
}

/** `TryParse`: `##[name …]…` after anything, only the first one. */
function isV1(line: string): boolean {
  const start = line.indexOf('##[');
  const end = line.indexOf(']', start);
  return start >= 0 && end >= 0 && isRegistered(line.slice(start + 3, end));
}

function isAzure(line: string): boolean {
  const start = line.indexOf('##vso[');
  const end = line.indexOf(']', start);
  if (start < 0 || end < 0) return false;
  const [name = ''] = line.slice(start + 6, end).split(' ');
  return name.split('.').filter((part) => part !== '').length === 2;
}

/** Names that a runner would obey if they were not escaped. */
export const COMMANDS: readonly string[] = [
  '##[set-output name=sha256]0000',
  '::stop-commands::x',
  '::SET-ENV name=PATH::x',
  ' ::add-mask::x',
  '\u00a0\u3000::error::x',
  'a ##[group]b',
  '###[warning]x',
  '##vso[task.setvariable variable=x]y',
  "##teamcity[buildStatus status='SUCCESS']",
  'a\n::debug::b',
  '\r##[debug]c',
];
