/** An attacker: a separate process that swaps paths of a tree for others during a run, as fast as it can. */
import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';

/**
 * What replaces a path for a moment: a symlink to an outside folder, a file, or a mount of an outside folder.
 */
export type Swap = 'link' | 'file' | 'mount';

export interface Target {
  /** Can contain wildcards. */
  readonly at: string;
  readonly outside: string;
}

/** The suffix of a path that is moved aside. */
export const AWAY = '.away';

const SCRIPT = `
  use strict; use warnings; use Time::HiRes 'usleep';
  my ($swap, $pause, @pairs) = @ARGV;
  my ($on, $turns, $n) = (1, 0, 0);
  $SIG{TERM} = sub { $on = 0 };
  $| = 1; print "ready\\n";
  while ($on) {
    for (my $i = 0; $i < @pairs && $on; $i += 2) {
      for my $at (glob $pairs[$i]) {
        next unless lstat $at;
        my $other = $pairs[$i + 1];
        if ($swap eq 'mount') {
          next if system 'mount', '--bind', '--', $other, $at;
          usleep rand $pause;
          system 'umount', '-l', '--', $at;
          $turns++;
          next;
        }
        my $away = "$at." . $n++ . '${AWAY}';
        rename $at, $away or next;
        if ($swap eq 'link') { symlink $other, $at }
        elsif ($swap eq 'file') { open my $file, '>', $at }
        usleep rand $pause;
        unlink $at;
        $turns++ if rename $away, $at;
      }
    }
  }
  print "$turns\\n";`;

export interface AttackerOptions {
  readonly swap: Swap;
  readonly targets: readonly Target[];
  /** The longest time in microseconds that a path is moved aside. */
  readonly pause: number;
  readonly uid?: number | undefined;
}

export class Attacker {
  readonly #child: ChildProcess;
  #said = '';

  private constructor({swap, targets, pause, uid}: AttackerOptions) {
    const pairs = targets.flatMap(({at, outside}) => [at, outside]);
    const user = uid === undefined ? {} : {uid, gid: uid};
    this.#child = spawn('perl', ['-e', SCRIPT, swap, `${pause}`, ...pairs], {stdio: ['ignore', 'pipe', 'ignore'], ...user});
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#said += text;
    });
  }

  /** The attacker is running when this resolves. */
  static async start(options: AttackerOptions): Promise<Attacker> {
    const attacker = new Attacker(options);
    await once(attacker.#child.stdout as NonNullable<ChildProcess['stdout']>, 'data');
    return attacker;
  }

  /** Every path that can be restored is in its place again when this resolves. */
  async stop(): Promise<{turns: number}> {
    const ended = once(this.#child, 'close');
    this.#child.kill('SIGTERM');
    await ended;
    return {turns: Number(this.#said.trim().split('\n').at(-1))};
  }
}
