import {type Key, useInput} from 'ink';

/** Listens to the keyboard and draws nothing, because a review draws its own lines (mount). */
export function Keys({onKey}: {readonly onKey: (input: string, key: Key) => void}) {
  useInput(onKey);
  return null;
}
