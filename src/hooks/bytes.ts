/**
 * Node passes text to a child as UTF-8, with U+FFFD for other bytes. A shell sets variables and folders that are not UTF-8 instead.
 */
import {encodeName, isName} from '../core/name.js';

export interface Surroundings {
  /** Shell code to put before the command; empty if Node can pass everything. */
  readonly script: string;
  readonly cwd?: string;
  readonly env: NodeJS.ProcessEnv;
}

/** `cwd`: undefined for the folder of this process. */
export function surroundingsOf(cwd: string | undefined, env: NodeJS.ProcessEnv): Surroundings {
  const odd = Object.entries(env).filter(([name, value = '']) => !value.isWellFormed() && isName(value) && SHELL_NAME.test(name));
  const script = odd.map(([name, value = '']) => `${assign(name, value)}; export ${name}\n`);
  const rest = {...env, ...Object.fromEntries(odd.map(([name]) => [name, undefined]))};
  if (cwd === undefined || cwd.isWellFormed()) return {script: script.join(''), ...(cwd !== undefined && {cwd}), env: rest};
  script.push(`${assign('PWD', cwd)}; cd -- "$PWD" || exit\n`);
  return {script: script.join(''), env: rest};
}

const SHELL_NAME = /^[A-Za-z_]\w*$/;

/** POSIX: `printf %b` supports octal numbers; the dot protects newlines at the end, which `$()` removes. */
function assign(name: string, value: string): string {
  const bytes = Array.from(encodeName(value), (byte) => {
    const char = String.fromCharCode(byte);
    return /[\w/-]/.test(char) ? char : `\\0${byte.toString(8).padStart(3, '0')}`;
  });
  return `${name}=$(printf %b '${bytes.join('')}.'); ${name}=\${${name}%.}`;
}
