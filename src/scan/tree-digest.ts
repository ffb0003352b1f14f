/** A digest of a tree: BLAKE3 over its columns. It does not depend on how the tree was cut into blocks. */
import {Blake3Hasher} from '@napi-rs/blake-hash';
import {type Block, digestColumns} from '../core/block.js';

/** Takes the blocks of one tree, in their order. */
export class TreeDigest {
  readonly #columns: Blake3Hasher[] = [];

  add(block: Block): void {
    digestColumns(block).forEach((column, i) => {
      this.#columns[i] ??= new Blake3Hasher();
      this.#columns[i].update(Buffer.from(column.buffer, column.byteOffset, column.byteLength));
    });
  }

  /** Hexadecimal. */
  value(): string {
    const whole = new Blake3Hasher();
    for (const column of this.#columns) whole.update(column.digestBuffer());
    return whole.digest('hex');
  }
}
