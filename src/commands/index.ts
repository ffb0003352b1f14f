import Apply from './apply.js';
import Config from './config.js';
import Explain from './explain.js';
import Help from './help.js';
import History from './history.js';
import Plan from './plan.js';
import Run from './run.js';
import Show from './show.js';

export const COMMANDS = {
  apply: Apply,
  config: Config,
  explain: Explain,
  help: Help,
  history: History,
  plan: Plan,
  run: Run,
  show: Show,
};
