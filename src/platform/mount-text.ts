/** How file systems are mounted, read from proc_pid_mountinfo(5). */
import {createHash} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {orNothing} from './platform.js';

/** One line of mountinfo. */
export interface MountLine {
  readonly id: number;
  /** "MAJOR:MINOR". */
  readonly device: string;
  /** Such as "ext4", "fuseblk" or "fuse.sshfs". */
  readonly type: string;
  /** A digest of the file system's mount options, which may be long or private. */
  readonly options: string;
}

/** Undefined if the system does not provide this. */
export function mountLines(): MountLine[] | undefined {
  const text = orNothing(() => readFileSync('/proc/self/mountinfo', 'latin1'));
  return text
    ?.trimEnd()
    .split('\n')
    .map((line) => {
      const [ofMount = '', ofType = ''] = line.split(' - ');
      const [id = '', , device = ''] = ofMount.split(' ');
      const [type = '', , options = ''] = ofType.split(' ');
      return {id: Number(id), device, type, options: createHash('sha256').update(options).digest('hex').slice(0, 16)};
    });
}
