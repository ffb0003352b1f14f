/** Who runs the program, where the machine does not know him: `docker run --user`, OpenShift. */
import {userInfo} from 'node:os';

/**
 * Without an entry in passwd Node's `os.homedir()` and `os.userInfo()` throw, also in libraries that only want to show a path. What they
 * look at first is set, to what says that there is none.
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
