/** Adds the digests of files to the blocks of a scan: workers read the files of a block in parallel. */
import type {Digested} from '../../apply/question.js';
import {type Block, CODE, DIGEST_BYTES} from '../../core/block.js';
import {BlockPaths} from '../../core/block-paths.js';
import type {RelPath} from '../../core/path.js';
import {type Problem, problem} from '../../core/problem.js';
import {askWorkers, type LookOptions} from './ask.js';

export interface DigestOptions extends LookOptions {
  readonly onProblem: (problem: Problem) => void;
  /** Called after each block with the bytes that were read. */
  readonly onBytes: (bytes: number) => void;
}

/** The blocks with digests. A file that cannot be read, or changes meanwhile, is a problem and has none. */
export async function* withDigests(blocks: AsyncIterable<Block>, options: DigestOptions): AsyncGenerator<Block> {
  const paths = new BlockPaths();
  for await (const block of blocks) {
    const files: number[] = [];
    const named: RelPath[] = [];
    let i = 0;
    for (const path of paths.rows(block)) {
      if (block.code[i] === CODE.file) {
        files.push(i);
        named.push(path);
      }
      i++;
    }
    const answers = await askWorkers<Digested | Problem>('digest', named, options);
    const digests = new Uint8Array(DIGEST_BYTES * block.count);
    let bytes = 0;
    for (const [k, answer] of answers.entries()) {
      const row = files[k] as number;
      if ('code' in answer) {
        options.onProblem(answer);
      } else if (isOfRow(answer, block, row)) {
        digests.set(answer.digest, DIGEST_BYTES * row);
        bytes += answer.size;
      } else {
        const at = {path: named[k] as RelPath, side: 'source', phase: 'scan'} as const;
        options.onProblem(problem({...at, code: 'CHANGED_DURING_READ'}));
      }
    }
    options.onBytes(bytes);
    yield {...block, digests};
  }
}

/** Whether the file that was read is the one that the scan saw. */
function isOfRow({inode, size, seconds, nanoseconds}: Digested, block: Block, i: number): boolean {
  return (
    inode === block.inode[i] && size === block.size[i] && seconds === block.seconds[i] && nanoseconds === block.nanoseconds[i]
  );
}
