/** The files of examples/, adapted to the folder of a test, and the programs that they call. */
import {type SpawnSyncReturns, spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

const CHECKOUT = fileURLToPath(new URL('../../..', import.meta.url));
const RUN = path.join(CHECKOUT, 'bin/run.js');

/** The text of an example with some names replaced. Each name must occur: otherwise the example has changed. */
export function example(name: string, names: Readonly<Record<string, string>> = {}): string {
  const text = fs.readFileSync(path.join(CHECKOUT, 'examples', name), 'utf8');
  return Object.entries(names).reduce((result, [from, to]) => {
    if (!result.includes(from)) throw new Error(`examples/${name} does not hold ${from}`);
    return result.replaceAll(from, () => to);
  }, text);
}

export function writeFile(file: string, text: string, mode = 0o644): void {
  fs.mkdirSync(path.dirname(file), {recursive: true});
  fs.writeFileSync(file, text);
  fs.chmodSync(file, mode);
}

export function writeProgram(file: string, script: string): void {
  writeFile(file, `#!/bin/sh\n${script}\n`, 0o755);
}

/** Makes the command `dirsync`, as npm links it. */
export function installDirsync(bin: string): void {
  fs.mkdirSync(bin, {recursive: true});
  fs.symlinkSync(RUN, path.join(bin, 'dirsync'));
}

/** An npm that installs only dirsync, from the address in the example. */
export function writeNpm(bin: string, address: string): void {
  const lines = [
    'prefix=$(dirname "$(dirname "$0")")',
    '[ "$1 $2" = "install --global" ] || exit 9; shift 2',
    '[ "$1" != --prefix ] || { prefix=$2; shift 2; }',
    `[ "$*" = '${address}' ] || exit 8`,
    `mkdir -p "$prefix/bin" && ln -sf '${RUN}' "$prefix/bin/dirsync"`,
  ];
  writeProgram(path.join(bin, 'npm'), lines.join('\n'));
}

/** An environment with only Node and the programs of the system. */
export function environment(folder: string): Record<string, string> {
  const bin = path.join(folder, 'bin');
  fs.mkdirSync(path.join(folder, 'home'), {recursive: true});
  return {
    PATH: [bin, path.dirname(process.execPath), '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin'].join(':'),
    HOME: path.join(folder, 'home'),
  };
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function started(command: readonly string[], cwd: string, env: Readonly<Record<string, string>>): Ended {
  const [file = '', ...args] = command;
  const result: SpawnSyncReturns<string> = spawnSync(file, args, {cwd, env, encoding: 'utf8', timeout: 60_000});
  if (result.error !== undefined) throw result.error;
  return {code: result.status, stdout: result.stdout, stderr: result.stderr};
}
