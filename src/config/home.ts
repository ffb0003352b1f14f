/** The user's home folder, which `~` stands for and where settings are stored. */
import {userInfo} from 'node:os';
import {isAbsolute} from 'node:path';

/** The home folder; undefined if HOME is a relative path, or is not set and the user has no passwd entry. */
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

/** Replaces a leading `~` by the home folder; undefined if there is no home folder. */
export function withHome(path: string, env: NodeJS.ProcessEnv): string | undefined {
  if (!/^~(?:\/|$)/.test(path)) return path;
  const home = homeFolder(env);
  return home && home + path.slice(1);
}
