/** Lines of files that are read in chunks of any size. No more than one line is held. */

/** Bytes of one line with its end. */
export const MAX_LINE = 1 << 20;
const NEWLINE = 0x0a;

export class Lines {
  #pending: Buffer[] = [];
  #bytes = 0;
  #number = 0;

  /** `onTooLong` throws. */
  constructor(private readonly onTooLong: () => never) {}

  /** The number of the line of which something was read last; 0 before the first. */
  get number(): number {
    return this.#number;
  }

  /** What was read of a line that has no end yet. */
  get rest(): Buffer {
    return this.#pending.length === 1 ? (this.#pending[0] as Buffer) : Buffer.concat(this.#pending);
  }

  /** The lines that end in this chunk, each with its newline. The next one is looked at when it is asked for. */
  *add(chunk: Uint8Array): Generator<Buffer, void, undefined> {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    let start = 0;
    for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, start)) {
      this.#keep(bytes.subarray(start, at + 1));
      start = at + 1;
      const line = this.rest;
      this.#pending = [];
      this.#bytes = 0;
      yield line;
    }
    if (start < bytes.length) this.#keep(bytes.subarray(start));
  }

  #keep(piece: Buffer): void {
    if (this.#bytes === 0) this.#number++;
    this.#bytes += piece.length;
    if (this.#bytes > MAX_LINE) this.onTooLong();
    this.#pending.push(piece);
  }
}
