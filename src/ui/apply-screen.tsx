/** The screen of an apply: progress, current files, and problems. Drawn below the text, and never taller than the terminal. */
import {Box} from 'ink';
import type {ApplyState, ScreenMessage} from './apply-state.js';
import type {ViewProps} from './live.js';
import {Keys, PROBLEMS_HEAD, PROGRESS_LINES, Problems, ProgressLines, useKeys, Workers} from './parts.js';

export interface ApplyScreenProps extends ViewProps<ApplyState, ScreenMessage> {
  readonly color: boolean;
}

/** The screen of an apply. */
export function ApplyScreen({state, now, columns, rows, color, send}: ApplyScreenProps) {
  const {progress, problems, stops} = state;
  const lines = layout(rows, progress?.current.length ?? 0);
  useKeys(lines.problems, send);
  if (progress === undefined) return null;
  return (
    <Box flexDirection="column" width={columns}>
      <Box height={lines.progress} overflow="hidden">
        <ProgressLines progress={progress} now={now} columns={columns} color={color} />
      </Box>
      <Workers current={progress.current} lines={lines.workers} color={color} />
      <Problems list={problems} lines={lines.problems} columns={columns} color={color} />
      {lines.keys > 0 && <Keys stops={stops} scrolls={problems.count > lines.problems} columns={columns} color={color} />}
    </Box>
  );
}

/** Returns the number of lines of each part. One line of the terminal stays free, because ink clears a terminal that it fills. */
function layout(rows: number, workers: number) {
  const progress = Math.max(1, Math.min(PROGRESS_LINES, rows - 1));
  const free = Math.max(0, rows - 1 - progress);
  const keys = Math.min(1, free);
  const workerLines = Math.min(workers, Math.ceil((free - keys) / 3));
  return {progress, workers: workerLines, problems: Math.max(0, free - keys - workerLines - PROBLEMS_HEAD), keys};
}
