/** Users and groups by name and number, as the machine's name service has them: getent(1), which also knows directories such as LDAP. */
import {spawnSync} from 'node:child_process';

export type Database = 'passwd' | 'group';

/** Keys are asked for so many at a time, as a command line is not endless. */
const AT_ONCE = 500;

/** Names of these numbers; those without one are left out. Empty where there is no getent. */
export function namesOf(database: Database, ids: readonly number[]): Map<number, string> {
  return new Map(accounts(database, ids.map(String)).map(({name, id}) => [id, name]));
}

/** Numbers of these names; those that are not known are left out. */
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
