/** Ctrl-Z and `fg`: who draws on the terminal gives it back before the program stops, and takes it again when it goes on. */
import process from 'node:process';

export interface Stoppable {
  /** Leaves the terminal as a shell wants it; at once, since the program stops right after. */
  readonly giveBack: () => void;
  /** Takes the terminal again, whatever it has become meanwhile, and draws everything anew. */
  readonly takeAgain: () => void;
}

export interface JobControl {
  /** What Ctrl-Z does where the terminal is not raw: stops this program and all others of the same job, such as a pipe's. */
  stop(): void;
  /** From now on signals stop and continue the program as they do every other. */
  close(): void;
}

export function openJobControl({giveBack, takeAgain}: Stoppable): JobControl {
  const listen = () => process.on('SIGTSTP', stopHere).on('SIGCONT', takeAgain);
  const close = () => process.off('SIGTSTP', stopHere).off('SIGCONT', takeAgain);
  const stopHere = () => {
    giveBack();
    // Without a listener the signal stops the program in the middle of the call, until SIGCONT. Where no shell could continue it,
    // the kernel ignores the signal. SIGSTOP would stop it for ever there.
    close();
    process.kill(process.pid, 'SIGTSTP');
    listen();
    takeAgain();
  };
  // SIGSTOP cannot be heard: then SIGCONT alone tells that others had the terminal.
  listen();
  return {stop: () => void process.kill(0, 'SIGTSTP'), close};
}

/** Raw mode anew: a shell may have changed the terminal's modes, of which Node knows nothing. */
export function takeRawMode(stdin: NodeJS.ReadStream): void {
  stdin.setRawMode(false);
  stdin.setRawMode(true);
}
