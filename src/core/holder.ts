/** The holder of a target's lock, so that users can find that run. */
import {escapeName} from './escape.js';

/** The process that holds a lock. */
export interface Holder {
  readonly pid: number;
  readonly host: string;
  /** ISO 8601, UTC. */
  readonly since: string;
  /** The command line as typed; a long one is truncated. */
  readonly command: string;
}

/** Describes the holder, escaped: "process 12 on host since 2026-01-01T10:00:00.000Z: dirsync run photos". */
export function holderWords({pid, host, since, command}: Holder): string {
  return `process ${pid} on ${escapeName(host)} since ${escapeName(since)}: ${escapeName(command)}`;
}
