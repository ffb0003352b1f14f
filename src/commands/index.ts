import Apply from './apply.js';
import Config from './config.js';
import Diff from './diff.js';
import Explain from './explain.js';
import Help from './help.js';
import History from './history.js';
import Init from './init.js';
import Plan from './plan.js';
import Run from './run.js';
import SchedulePrint from './schedule-print.js';
import Show from './show.js';
import Snapshot from './snapshot.js';

export const COMMANDS = {
  apply: Apply,
  config: Config,
  diff: Diff,
  explain: Explain,
  help: Help,
  history: History,
  init: Init,
  plan: Plan,
  run: Run,
  'schedule:print': SchedulePrint,
  show: Show,
  snapshot: Snapshot,
};
