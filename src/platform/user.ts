/** Users without an entry in passwd: `docker run --user`, OpenShift. */
import {userInfo} from 'node:os';

/**
 * Without an entry in passwd, Node's `os.homedir()` and `os.userInfo()` throw, even in libraries that only shorten a path for
 * display. This sets the variables that they read first.
 */
export function standInForUser(env: NodeJS.ProcessEnv): void {
  if (env.HOME !== undefined && env.SHELL !== undefined) return;
  try {
    userInfo();
  } catch {
    env.HOME ??= '';
    env.SHELL ??= '/bin/sh';
  }
}
