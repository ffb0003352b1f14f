/** The entry point of the program. */
import process from 'node:process';
import {breakCommands} from './app/output/ci-runner.js';
import {WorkerPool} from './platform/pool.js';
import {standInForUser} from './platform/user.js';

breakCommands(process);
standInForUser(process.env);
if (['plan', 'apply', 'run', 'explain'].includes(process.argv[2] ?? '')) WorkerPool.prepare();
await import('./cli.js');
await WorkerPool.dropSpares();
