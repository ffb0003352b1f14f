import {Box, type Key, Text, useInput} from 'ink';
import {paint} from '../line.js';
import type {ReviewState} from './state.js';
import {reviewLines, type Size} from './view.js';

export interface ScreenProps {
  readonly state: ReviewState;
  readonly size: Size;
  readonly color: boolean;
  readonly onKey: (input: string, key: Key) => void;
}

export function Screen({state, size, color, onKey}: ScreenProps) {
  useInput(onKey);
  // Perf: ink makes an object of each cell that it is given (bench: review-million).
  const lines = reviewLines(state, size).map((line) => paint(line, color).trimEnd() || ' ');
  return (
    <Box flexDirection="column">
      {lines.map((line, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line is its place on the screen
        <Text key={place} wrap="truncate">
          {line}
        </Text>
      ))}
    </Box>
  );
}
