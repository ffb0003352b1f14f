/** The user's own folder: what `~` stands for, and where his settings are. */
import {userInfo} from 'node:os';
import {isAbsolute} from 'node:path';

/** Undefined where there is none: HOME is a relative path, or is not set and the user has no entry in passwd. */
export function homeFolder({HOME}: NodeJS.ProcessEnv): string | undefined {
  const home = HOME || passwdHome();
  return isAbsolute(home) ? home : undefined;
}

function passwdHome(): string {
  try {
    return userInfo().homedir;
  } catch {
    return '';
  }
}

/** The path with the user's own folder for a `~` that it begins with; undefined where there is none. */
export function withHome(path: string, env: NodeJS.ProcessEnv): string | undefined {
  if (!/^~(?:\/|$)/.test(path)) return path;
  const home = homeFolder(env);
  return home && home + path.slice(1);
}
