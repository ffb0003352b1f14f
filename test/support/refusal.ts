import {DirsyncError} from '../../src/core/errors.js';

/** The error of ours with which something is refused. What is done, or goes wrong in another way, is a fault of the test. */
export async function refusal(act: () => unknown): Promise<DirsyncError> {
  try {
    await act();
  } catch (error) {
    if (error instanceof DirsyncError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

/** Its code alone. */
export async function refusalCode(act: () => unknown): Promise<string> {
  return (await refusal(act)).code;
}
