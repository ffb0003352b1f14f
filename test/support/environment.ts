/** The environment of programs, the same for tests on all machines. */
import process from 'node:process';

// Times are shown in the machine's time zone.
process.env.TZ = 'UTC';
// On a CI server ink draws nothing.
for (const name of Object.keys(process.env)) {
  if (name === 'CI' || name === 'CONTINUOUS_INTEGRATION' || name.startsWith('CI_')) delete process.env[name];
}
