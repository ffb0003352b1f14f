/** Where the program starts. */
import process from 'node:process';
import {WorkerPool} from './platform/pool.js';

if (['plan', 'apply', 'run', 'explain'].includes(process.argv[2] ?? '')) WorkerPool.prepare();
await import('./cli.js');
await WorkerPool.dropSpares();
