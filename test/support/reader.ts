/** A thread that constantly reads the files of a target, and reports content that nobody may see. */
import {once} from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import {isMainThread, parentPort, Worker, workerData} from 'node:worker_threads';
import type {Things} from './interrupted.js';

interface Task {
  readonly target: string;
  readonly files: readonly {readonly at: string; readonly versions: readonly string[]; readonly always: boolean}[];
  readonly stop: Int32Array;
}

export interface Seen {
  readonly reads: number;
  readonly wrong: readonly string[];
}

/** Reads until it is stopped, even while this thread waits for a run to end. */
export class Reader {
  readonly #stop = new Int32Array(new SharedArrayBuffer(4));
  readonly #worker: Worker;
  readonly #seen: Promise<[Seen]>;

  constructor(target: string, old: Things, wanted: Things) {
    const files = [...new Set([...old.keys(), ...wanted.keys()])].flatMap((at) => {
      const versions = [old.get(at), wanted.get(at)];
      const contents = versions.flatMap((thing) => (thing?.kind === 'file' ? [thing.text] : []));
      return contents.length === 0 ? [] : [{at, versions: contents, always: contents.length === 2}];
    });
    this.#worker = new Worker(new URL(import.meta.url), {workerData: {target, files, stop: this.#stop} satisfies Task});
    this.#seen = once(this.#worker, 'message') as Promise<[Seen]>;
  }

  async end(): Promise<Seen> {
    Atomics.store(this.#stop, 0, 1);
    const [seen] = await this.#seen;
    await this.#worker.terminate();
    return seen;
  }
}

const {O_RDONLY, O_NOFOLLOW, O_NONBLOCK} = fs.constants;

/** Undefined: there is no file. */
function readNow(at: string): string | undefined {
  let file: number;
  try {
    file = fs.openSync(at, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    const {code = ''} = error as NodeJS.ErrnoException;
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'].includes(code)) return undefined;
    throw error;
  }
  try {
    return fs.fstatSync(file).isFile() ? fs.readFileSync(file, 'utf8') : undefined;
  } finally {
    fs.closeSync(file);
  }
}

function read({target, files, stop}: Task): Seen {
  const wrong: string[] = [];
  let reads = 0;
  for (;;) {
    for (const {at, versions, always} of files) {
      if (Atomics.load(stop, 0) === 1) return {reads, wrong};
      const content = readNow(path.join(target, at));
      reads++;
      if (content === undefined ? always : !versions.includes(content))
        wrong.push(content === undefined ? `${at} was missing` : `${at} was torn: ${content.length} bytes`);
    }
  }
}

if (!isMainThread && workerData?.stop !== undefined) parentPort?.postMessage(read(workerData as Task));
