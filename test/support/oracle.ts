/** A judge of whether two trees are equal that shares no code with dirsync: rsync. */
import {spawnSync} from 'node:child_process';
import {skip} from './skip.js';

// Without --modify-window=-1 it compares whole seconds.
const OPTIONS = ['-aHAXSn', '--checksum', '--delete', '--modify-window=-1', '--itemize-changes', '--exclude=/.dirsync'];

/** What rsync would still change in `target`, one line each. It does not see equal files that became one inode. */
export function rsyncDifference(source: string, target: string): string[] {
  const {status, stdout, stderr, error} = spawnSync('rsync', [...OPTIONS, '--', `${source}/`, `${target}/`], {
    encoding: 'latin1',
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`rsync ended with ${status}: ${stderr}`);
  return stdout.split('\n').filter((line) => line !== '');
}

export function needRsync(context: Mocha.Context): void {
  if (spawnSync('rsync', ['--version']).status !== 0) skip(context, 'rsync is not installed');
}
