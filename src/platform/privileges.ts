/** What this process may do that not every process may: capabilities(7). */
import {readFileSync} from 'node:fs';
import process from 'node:process';

export interface Privileges {
  /** Files may be given to any owner and group. */
  readonly chown: boolean;
  readonly makeDevices: boolean;
  /** Permissions are no hindrance. */
  readonly overridesModes: boolean;
  /** The space may be used that a file system keeps back. */
  readonly usesReserve: boolean;
  /** Extended attributes of `trusted` and `security` may be set, file capabilities among them. */
  readonly trustedXattrs: boolean;
}

const CAP = {CHOWN: 0n, DAC_OVERRIDE: 1n, SYS_ADMIN: 21n, SYS_RESOURCE: 24n, MKNOD: 27n, SETFCAP: 31n} as const;

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

/** The groups to which a process without privileges may give a file of its own. */
export function ownGroups(): number[] {
  return [...new Set([process.getegid?.() ?? 0, ...(process.getgroups?.() ?? [])])];
}

/** proc_pid_status(5). Elsewhere root may all, and others nothing. */
function effectiveCapabilities(): bigint {
  try {
    const [, hexadecimal] = /^CapEff:\s+([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'latin1')) ?? [];
    if (hexadecimal !== undefined) return BigInt(`0x${hexadecimal}`);
  } catch {
    // No /proc here.
  }
  return process.geteuid?.() === 0 ? ~0n : 0n;
}
