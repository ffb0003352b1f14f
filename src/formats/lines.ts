/** Splits files that are read in chunks of any size into lines. At most one line is held in memory. */

/** The most bytes of one line, including its end. */
export const MAX_LINE = 1 << 20;
const NEWLINE = 0x0a;

/** Collects chunks and returns complete lines. */
export class Lines {
  #pending: Buffer[] = [];
  #bytes = 0;
  #number = 0;

  /** `onTooLong` is called for a line that is too long, and must throw. */
  constructor(private readonly onTooLong: () => never) {}

  /** The number of the line that was read last, even partly; 0 at the start. */
  get number(): number {
    return this.#number;
  }

  /** The start of a line that is not complete yet. */
  get rest(): Buffer {
    return this.#pending.length === 1 ? (this.#pending[0] as Buffer) : Buffer.concat(this.#pending);
  }

  /** Returns the lines that end in this chunk, each with its newline. Each line is checked when it is requested. */
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
