/** Ctrl-Z and `fg`: restores the terminal before the program is suspended, and takes it over again when it continues. */
import process from 'node:process';

export interface Stoppable {
  /** Restores the terminal for the shell. Must be synchronous, because the program is suspended right after. */
  readonly giveBack: () => void;
  /** Takes over the terminal, whatever its state, and redraws everything. */
  readonly takeAgain: () => void;
}

export interface JobControl {
  /** Does what Ctrl-Z does on a terminal that is not raw: suspends this program and all others in the same pipeline. */
  stop(): void;
  /** Restores the default handling of the signals. */
  close(): void;
}

/** Handles Ctrl-Z and continuing: gives the terminal back before a stop and takes it again after it. */
export function openJobControl({giveBack, takeAgain}: Stoppable): JobControl {
  const listen = () => process.on('SIGTSTP', stopHere).on('SIGCONT', takeAgain);
  const close = () => process.off('SIGTSTP', stopHere).off('SIGCONT', takeAgain);
  const stopHere = () => {
    giveBack();
    // Without a listener, the signal suspends the program within this call, until SIGCONT. If no shell could continue it, the
    // kernel ignores the signal. SIGSTOP would suspend it forever.
    close();
    process.kill(process.pid, 'SIGTSTP');
    listen();
    takeAgain();
  };
  // SIGSTOP cannot be caught: then only SIGCONT shows that other programs used the terminal.
  listen();
  return {stop: () => void process.kill(0, 'SIGTSTP'), close};
}

/** Sets raw mode again, because a shell may have changed the terminal without Node noticing. */
export function takeRawMode(stdin: NodeJS.ReadStream): void {
  stdin.setRawMode(false);
  stdin.setRawMode(true);
}
