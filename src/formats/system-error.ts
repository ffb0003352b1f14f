export type SystemError = NodeJS.ErrnoException & {readonly errno: number};

/** Whether it is an error of the kernel, or of zlib, which has a number too. */
export function isSystemError(error: unknown): error is SystemError {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).errno === 'number';
}
