/** Reads, writes, compares and copies the content of files: inside the kernel if possible, and holes stay holes. */
import {emptyStat, type Stat} from '../core/block.js';
import {DATA, DATA_BYTES, fd, type Kernel, NAME_A, OTHER, STATX, secondsOf} from './kernel.js';
import {AT, FICLONE, O, SEEK} from './libc.js';
import {
  type Attributes,
  attributesOfGrown,
  CATCH_UPS,
  type CompareOptions,
  type CopyOptions,
  type CopyResult,
  type Grown,
  type Pace,
  SystemError,
  UNPACED,
} from './platform.js';

/** Bytes that the kernel copies in one call, so that progress is shown and a stop is noticed in between. */
const KERNEL_PIECE = 16 * 1024 * 1024;

const NO_LONGER = new Set(['EPERM', 'EINVAL', 'EOPNOTSUPP', 'ENOSYS']);
const FALLBACK_ERRNO = new Set(['EXDEV', 'EINVAL', 'ENOSYS', 'EOPNOTSUPP', 'EPERM', 'EBADF', 'EIO', 'ETXTBSY']);

/** Copies and compares the content of files. */
export class PosixContent {
  /** Pairs of a source's device and a target folder between which the kernel cannot share content. */
  readonly #unshared = new Set<string>();

  constructor(
    private readonly kernel: Kernel,
    /** Sets attributes of a new file that is still open. */
    private readonly setAttributes: (file: number, attributes: Attributes) => void,
  ) {}

  sameContent({a, aName, b, bName, goOn, pace = UNPACED}: CompareOptions): boolean {
    const one = this.kernel.open(fd(a), aName, O.RDONLY | O.NOFOLLOW | O.NONBLOCK);
    try {
      const two = this.kernel.open(fd(b), bName, O.RDONLY | O.NOFOLLOW | O.NONBLOCK);
      try {
        for (;;) {
          if (!goOn()) return false;
          const most = Math.min(DATA_BYTES, pace.piece);
          const got = this.#readFully(one, DATA, most);
          if (got !== this.#readFully(two, OTHER, most) || !pace.spend(got)) return false;
          if (this.kernel.bytes.compare(this.kernel.bytes, OTHER, OTHER + got, DATA, DATA + got) !== 0) return false;
          if (got < most) return true;
        }
      } finally {
        this.kernel.libc.close(two);
      }
    } finally {
      this.kernel.libc.close(one);
    }
  }

  copyFile(options: CopyOptions): CopyResult {
    const {from, name, to, as, attributes, fsync, sparse, live, accept, onBytes, pace = UNPACED} = options;
    const libc = this.kernel.libc;
    // O_NONBLOCK: a FIFO that replaced the file must not block the run. The flag has no effect on files.
    const source = this.kernel.open(fd(from), name, O.RDONLY | O.NOFOLLOW | O.NONBLOCK);
    try {
      const opened = this.#version(source);
      if (!accept(opened.stat)) return 'refused';
      const copy = this.kernel.open(fd(to), as, O.RDWR | O.CREAT | O.EXCL | O.NOFOLLOW, 0o600);
      let result: CopyResult | undefined;
      let isWhole = false;
      try {
        const ended = this.#copyContent({source, copy, version: opened, to: fd(to), sparse, onBytes, pace});
        const finish = (set: Attributes) => {
          this.setAttributes(copy, set);
          const hasHoles = opened.bytesOnDisk < opened.stat.size;
          if (fsync === 'any' || (fsync === 'holes' && hasHoles)) this.kernel.check(libc.fsync(copy), 'fsync');
        };
        if (ended === 'copied') finish(attributes);
        result = ended === 'stopped' ? ended : this.#judge(ended, opened, this.#version(source));
        if (result === 'changed' && live && ended !== 'shorter')
          result = this.#catchUp({source, copy, from: opened, onBytes, pace});
        if (typeof result === 'object') finish(attributesOfGrown(attributes, result));
        isWhole = result === 'copied' || typeof result === 'object';
      } finally {
        // NFS and quotas report some failed writes only on close.
        const closed = libc.close(copy);
        const code = closed === 0 ? undefined : this.kernel.errno();
        if (!isWhole || code) libc.unlinkat(fd(to), this.kernel.name(NAME_A, as), 0);
        // biome-ignore lint/correctness/noUnsafeFinally: only if nothing has failed so far
        if (isWhole && code) throw new SystemError(code, 'close');
      }
      return result;
    } finally {
      libc.close(source);
    }
  }

  /** The result of a finished copy, judged by the source's versions before and after it. */
  #judge(ended: 'copied' | 'longer' | 'shorter', opened: Version, now: Version): CopyResult {
    if (!isSameVersion(opened, now)) return 'changed';
    return ended === 'copied' ? 'copied' : 'unsized';
  }

  /**
   * Appends what the source has grown by until the source does not change during a round, and then compares all content. Content
   * that was the same before and after that moment was also the same in it, so the copy is the file as it was then. Comparing only
   * the beginning or both ends would prove less, since a growing database also changes in the middle.
   *
   * Race: if a file never stops growing, the bytes that were appended in the last round, some microseconds ago, may already differ.
   */
  #catchUp({source, copy, from, onBytes, pace}: CatchUpOptions): Grown | 'changed' | 'stopped' {
    let now = from;
    for (let round = 0; round < CATCH_UPS; round++) {
      now = this.#version(source);
      const copied = this.#version(copy).stat.size;
      if (now.stat.size <= from.stat.size || now.stat.size < copied) return 'changed';
      this.#seek(copied, source, copy);
      const ended = this.#copyPiece({source, copy, length: now.stat.size - copied, isPart: true, inKernel: true, onBytes, pace});
      if (ended !== 'copied') return ended === 'stopped' ? ended : 'changed';
      if (isSameVersion(now, this.#version(source))) break;
    }
    this.#seek(0, source, copy);
    for (let left = now.stat.size; left > 0; ) {
      if (!onBytes(0)) return 'stopped';
      const most = Math.min(left, DATA_BYTES, pace.piece);
      if (this.#readFully(source, DATA, most) !== most || this.#readFully(copy, OTHER, most) !== most) return 'changed';
      if (this.kernel.bytes.compare(this.kernel.bytes, OTHER, OTHER + most, DATA, DATA + most) !== 0) return 'changed';
      if (!pace.spend(most)) return 'stopped';
      left -= most;
    }
    return {grown: now.stat};
  }

  #seek(at: number, ...files: number[]): void {
    for (const file of files) this.kernel.check(this.kernel.libc.lseek(file, at, SEEK.SET), 'lseek');
  }

  #copyContent({source, copy, version, to, sparse, onBytes, pace}: ContentOptions): ContentResult {
    const {stat, bytesOnDisk} = version;
    const {size} = stat;
    const hasHoles = bytesOnDisk < size;
    if (size > 0 && (sparse || !hasHoles) && this.#share(source, copy, `${stat.device} ${to}`)) {
      return onBytes(size) ? 'copied' : 'stopped';
    }
    const all: Piece = {source, copy, length: size, inKernel: sparse || !hasHoles, onBytes, pace};
    if (!(sparse && hasHoles)) return this.#copyPiece(all);
    const {lseek, ftruncate} = this.kernel.libc;
    // This comes first, since a file system may reserve space behind the end of a file.
    if (ftruncate(copy, size) !== 0) {
      const code = this.kernel.errno();
      // FAT in user space cannot make a file longer without writing to it: zeros are written for holes.
      if (NO_LONGER.has(code)) return this.#copyPiece({...all, inKernel: false});
      throw new SystemError(code, 'ftruncate');
    }
    for (let at = 0; at < size; ) {
      const data = lseek(source, at, SEEK.DATA);
      if (data < 0) {
        const code = this.kernel.errno();
        if (code === 'ENXIO') {
          // There is a hole up to the end.
          if (!onBytes(size - at)) return 'stopped';
          break;
        }
        if (code !== 'EINVAL') throw new SystemError(code, 'lseek');
        // This file system does not report holes: everything is copied.
        this.#seek(0, source, copy);
        return this.#copyPiece(all);
      }
      const end = Math.min(size, this.kernel.check(lseek(source, data, SEEK.HOLE), 'lseek'));
      if (data > at && !onBytes(Math.min(data, size) - at)) return 'stopped';
      if (data >= size) return 'shorter';
      this.#seek(data, source, copy);
      const ended = this.#copyPiece({...all, length: end - data, isPart: true});
      if (ended !== 'copied') return ended;
      at = end;
    }
    return 'copied';
  }

  /** ioctl_ficlone(2): the copy shares the content with the source until either is written to. */
  #share(source: number, copy: number, between: string): boolean {
    if (this.#unshared.has(between)) return false;
    if (this.kernel.libc.ioctl(copy, FICLONE, source) === 0) return true;
    this.#unshared.add(between);
    return false;
  }

  /** Copies this many bytes from the current positions, and looks for more after the last piece of a file. */
  #copyPiece({source, copy, length: size, isPart = false, inKernel: mayInKernel, onBytes, pace}: Piece): ContentResult {
    let copied = 0;
    // A file that the kernel generates has size 0 and content all the same: copy_file_range may find nothing in it, read(2) does.
    let inKernel = mayInKernel && size > 0;
    for (;;) {
      if (isPart && copied === size) return 'copied';
      const most = Math.min(isPart ? size - copied : Number.POSITIVE_INFINITY, pace.piece);
      let got: number;
      if (inKernel) {
        got = this.kernel.libc.copy_file_range(source, 0, copy, 0, Math.min(most, KERNEL_PIECE), 0);
        if (got < 0) {
          const code = this.kernel.errno();
          // Refused for these two files (different file systems, no support): continue with read and write at the current position.
          if (!FALLBACK_ERRNO.has(code)) throw new SystemError(code, 'copy_file_range');
          inKernel = false;
          continue;
        }
        // Some file systems return 0 if they cannot do it; only a read shows the end reliably.
        if (got === 0 && copied < size) {
          inKernel = false;
          continue;
        }
      } else {
        got = this.kernel.check(this.kernel.libc.read(source, this.kernel.base + DATA, Math.min(most, DATA_BYTES)), 'read');
        this.writeFully(copy, DATA, got);
      }
      copied += got;
      if (got > 0 && !(onBytes(got) && pace.spend(got))) return 'stopped';
      // A file that grows for ever must not block the run: the copy ends when it finds anything beyond the known size.
      if (copied > size) return 'longer';
      if (copied === size || got === 0) return copied === size ? 'copied' : 'shorter';
    }
  }

  readPiece(file: number, limit: number): Buffer {
    const got = this.kernel.check(this.kernel.libc.read(file, this.kernel.base + DATA, Math.min(limit, DATA_BYTES)), 'read');
    return Buffer.from(this.kernel.bytes.subarray(DATA, DATA + got));
  }

  #readFully(file: number, at: number, most = DATA_BYTES): number {
    let filled = 0;
    while (filled < most) {
      const got = this.kernel.check(this.kernel.libc.read(file, this.kernel.base + at + filled, most - filled), 'read');
      if (got === 0) break;
      filled += got;
    }
    return filled;
  }

  writeFully(file: number, at: number, length: number): void {
    for (let done = 0; done < length; ) {
      done += this.kernel.check(this.kernel.libc.write(file, this.kernel.base + at + done, length - done), 'write');
    }
  }

  /** Values that change when an open file is written to: size, mtime, and ctime, which no program can set. */
  #version(file: number): Version {
    const stat = emptyStat();
    if (this.kernel.statx(file, this.kernel.name(NAME_A, ''), AT.EMPTY_PATH, stat) !== 0)
      throw new SystemError(this.kernel.errno(), 'statx');
    const w = this.kernel.words;
    const at = STATX / 4;
    const blocks = (w[at + 12] as number) + (w[at + 13] as number) * 0x1_0000_0000;
    return {
      stat,
      bytesOnDisk: 512 * blocks,
      changed: secondsOf(w[at + 24], w[at + 25]),
      changedNanoseconds: w[at + 26] as number,
    };
  }
}

/** `longer`, `shorter`: the source has more or less content than its size. */
type ContentResult = 'copied' | 'longer' | 'shorter' | 'stopped';

interface CatchUpOptions {
  readonly source: number;
  readonly copy: number;
  /** The source's when it was opened. */
  readonly from: Version;
  readonly onBytes: (bytes: number) => boolean;
  readonly pace: Pace;
}

interface ContentOptions {
  readonly source: number;
  readonly copy: number;
  /** The source's when it was opened. */
  readonly version: Version;
  /** The folder of the copy. */
  readonly to: number;
  readonly sparse: boolean;
  readonly onBytes: (bytes: number) => boolean;
  readonly pace: Pace;
}

interface Piece {
  readonly source: number;
  readonly copy: number;
  readonly length: number;
  /** Whether more of the file follows. */
  readonly isPart?: boolean;
  readonly inKernel: boolean;
  readonly onBytes: (bytes: number) => boolean;
  readonly pace: Pace;
}

interface Version {
  readonly stat: Stat;
  readonly bytesOnDisk: number;
  /** The two parts of the ctime. */
  readonly changed: number;
  readonly changedNanoseconds: number;
}

function isSameVersion(a: Version, b: Version): boolean {
  return (
    a.stat.size === b.stat.size &&
    a.stat.seconds === b.stat.seconds &&
    a.stat.nanoseconds === b.stat.nanoseconds &&
    a.changed === b.changed &&
    a.changedNanoseconds === b.changedNanoseconds
  );
}
