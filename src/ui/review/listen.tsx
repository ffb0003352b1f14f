import {type Key, useInput} from 'ink';

/** Hears the keyboard, and draws nothing: a review draws its lines itself (mount). */
export function Keys({onKey}: {readonly onKey: (input: string, key: Key) => void}) {
  useInput(onKey);
  return null;
}
