import {DirsyncError} from '../../src/core/errors.js';

/** The DirsyncError that a call throws. The test fails if the call succeeds or fails in a different way. */
export async function refusal(act: () => unknown): Promise<DirsyncError> {
  try {
    await act();
  } catch (error) {
    if (error instanceof DirsyncError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

/** Only its code. */
export async function refusalCode(act: () => unknown): Promise<string> {
  return (await refusal(act)).code;
}
