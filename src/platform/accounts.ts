/** Names and numbers of users and groups, looked up with getent(1), which also asks directories such as LDAP. */
import {spawnSync} from 'node:child_process';

export type Database = 'passwd' | 'group';

/** Keys per call of getent, since the length of a command line is limited. */
const AT_ONCE = 500;

/** The names of these numbers, without those that have no name. Empty if there is no getent. */
export function namesOf(database: Database, ids: readonly number[]): Map<number, string> {
  return new Map(accounts(database, ids.map(String)).map(({name, id}) => [id, name]));
}

/** The numbers of these names, without unknown names. */
export function idsOf(database: Database, names: readonly string[]): Map<string, number> {
  return new Map(accounts(database, names).map(({name, id}) => [name, id]));
}

function accounts(database: Database, keys: readonly string[]): {name: string; id: number}[] {
  const found: {name: string; id: number}[] = [];
  for (let at = 0; at < keys.length; at += AT_ONCE) {
    const {stdout} = spawnSync('getent', [database, '--', ...keys.slice(at, at + AT_ONCE)], {encoding: 'utf8'});
    for (const line of (stdout ?? '').split('\n')) {
      const [name = '', , id = ''] = line.split(':');
      if (name !== '' && /^\d+$/.test(id)) found.push({name, id: Number(id)});
    }
  }
  return found;
}
