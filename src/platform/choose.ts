/** Chooses the backend of this process. */
import process from 'node:process';
import type {Platform, ShowingPlatform} from './platform.js';
import {PortablePlatform} from './portable.js';
import {PosixPlatform} from './posix.js';
import {Views} from './views.js';

let chosen: ShowingPlatform | undefined;

/**
 * This thread's backend: `posix` on Linux if koffi loads, else `portable`. `DIRSYNC_PLATFORM=portable` forces `portable`.
 */
export function platform(): ShowingPlatform {
  chosen ??= new Views(choose());
  return chosen;
}

function choose(): Platform {
  if (process.platform !== 'linux' || process.env.DIRSYNC_PLATFORM === 'portable') return new PortablePlatform();
  try {
    return new PosixPlatform();
  } catch {
    return new PortablePlatform();
  }
}
