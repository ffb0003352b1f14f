/** A judge that compares two trees and shares no code with dirsync: rsync. */
import {spawnSync} from 'node:child_process';
import {skip} from './skip.js';

/** What is not compared; by default everything is compared. */
export interface RsyncOptions {
  /** `false`: owners and groups are ignored. */
  readonly owner?: boolean;
  readonly times?: boolean;
  readonly mode?: boolean;
  readonly hardlinks?: boolean;
  readonly acls?: boolean;
  /** `false`: ignored; or the namespaces that are compared, such as `user`. */
  readonly xattrs?: boolean | readonly string[];
  /** `false`: FIFOs, sockets and devices are ignored. */
  readonly specials?: boolean;
  /** `false`: block and character devices are ignored. */
  readonly devices?: boolean;
  /** Further options. */
  readonly more?: readonly string[];
}

/** The changes that rsync would still make in `target`, one line each. It does not notice equal files that became one inode. */
export function rsyncDifference(source: string, target: string, options: RsyncOptions = {}): string[] {
  const {status, stdout, stderr, error} = spawnSync('rsync', [...rsyncFlags(options), '--', `${source}/`, `${target}/`], {
    encoding: 'latin1',
    env: {...process.env, LC_ALL: 'C'},
    maxBuffer: 1 << 28,
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`rsync ended with ${status}: ${stderr}`);
  return stdout.split('\n').filter((line) => line !== '' && !line.startsWith('skipping non-regular file'));
}

function rsyncFlags({owner, times, mode, hardlinks, acls, xattrs, specials, devices, more = []}: RsyncOptions): string[] {
  const fixed = ['-rlnS', '--checksum', '--delete', '--itemize-changes', '--exclude=/.dirsync', '--numeric-ids'];
  return [
    ...fixed,
    ...(owner === false ? [] : ['-og']),
    // Without --modify-window=-1 it compares whole seconds.
    ...(times === false ? [] : ['-t', '--modify-window=-1']),
    ...(mode === false ? [] : ['-p']),
    ...(hardlinks === false ? [] : ['-H']),
    // -A also compares modes.
    ...(acls === false || mode === false ? [] : ['-A']),
    ...(xattrs === false ? [] : ['-X', ...xattrFilters(xattrs)]),
    ...(specials === false ? [] : ['--specials', ...(devices === false ? [] : ['--devices'])]),
    ...more,
  ];
}

/** XFS also shows its ACLs as xattrs. A filter for xattrs replaces rsync's own filter, which excludes `system.*`. */
function xattrFilters(namespaces: RsyncOptions['xattrs']): string[] {
  if (typeof namespaces !== 'object') return ['--filter=-x system.*', '--filter=-x trusted.SGI_ACL_*'];
  return [...namespaces.map((name) => `--filter=+x ${name}.*`), '--filter=-x *'];
}

export function needRsync(context: Mocha.Context): void {
  if (spawnSync('rsync', ['--version']).status !== 0) skip(context, 'rsync is not installed');
}
