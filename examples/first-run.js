/** Backs up examples/notes to a new temporary folder: a plan, its apply, and a second plan that finds nothing to do. */
import {spawnSync} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const source = path.join('examples', 'notes');
const scratch = mkdtempSync(path.join(os.tmpdir(), 'dirsync-example-'));
const target = path.join(scratch, 'backup');

function dirsync(...args) {
  console.log(`\n$ dirsync ${args.join(' ')}`);
  const {status} = spawnSync(process.execPath, ['bin/run.js', ...args], {cwd: root, stdio: ['ignore', 'inherit', 'inherit']});
  return status;
}

const statuses = [
  dirsync('plan', source, target),
  dirsync('apply', source, target, '--yes'),
  // With this flag, a plan with changes would exit with 2.
  dirsync('plan', source, target, '--detailed-exitcode'),
];
rmSync(scratch, {recursive: true, force: true});
process.exitCode = statuses.find((status) => status !== 0) ?? 0;
