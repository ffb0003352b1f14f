/** What this process may do with its capabilities(7). */
import {readFileSync} from 'node:fs';
import process from 'node:process';

/** What the capabilities allow. */
export interface Privileges {
  /** It may give files to any owner and group. */
  readonly chown: boolean;
  readonly makeDevices: boolean;
  /** It may ignore permissions. */
  readonly overridesModes: boolean;
  /** It may use the space that a file system reserves for root. */
  readonly usesReserve: boolean;
  /** It may set extended attributes of `trusted` and `security`, such as file capabilities. */
  readonly trustedXattrs: boolean;
}

const CAP = {CHOWN: 0n, DAC_OVERRIDE: 1n, SYS_ADMIN: 21n, SYS_RESOURCE: 24n, MKNOD: 27n, SETFCAP: 31n} as const;

/** The privileges of this process, read anew at each call. */
export function privileges(): Privileges {
  const effective = effectiveCapabilities();
  const has = (capability: bigint) => ((effective >> capability) & 1n) === 1n;
  return {
    chown: has(CAP.CHOWN),
    makeDevices: has(CAP.MKNOD),
    overridesModes: has(CAP.DAC_OVERRIDE),
    usesReserve: has(CAP.SYS_RESOURCE),
    trustedXattrs: has(CAP.SYS_ADMIN) && has(CAP.SETFCAP),
  };
}

/** The groups to which a process without privileges may give its own files. */
export function ownGroups(): number[] {
  return [...new Set([process.getegid?.() ?? 0, ...(process.getgroups?.() ?? [])])];
}

/** Read from proc_pid_status(5). On other systems root may do all of it and other users none of it. */
function effectiveCapabilities(): bigint {
  try {
    const [, hexadecimal] = /^CapEff:\s+([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'latin1')) ?? [];
    if (hexadecimal !== undefined) return BigInt(`0x${hexadecimal}`);
  } catch {
    // There is no /proc.
  }
  return process.geteuid?.() === 0 ? ~0n : 0n;
}
