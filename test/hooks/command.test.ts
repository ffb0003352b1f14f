import {execFile} from 'node:child_process';
import {chmodSync, existsSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {setTimeout as sleep} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {expect} from 'chai';
import type {CommandLine} from '../../src/core/hooks.js';
import {type CommandEnd, type CommandOptions, resultWords, runCommand} from '../../src/hooks/command.js';
import {tempDirs} from '../support/temp.js';

const MEGABYTES = 'x'.repeat(5_000_000);

interface Case {
  readonly name: string;
  readonly command: CommandLine;
  readonly options?: Partial<CommandOptions>;
  readonly end: CommandEnd;
  readonly output?: string | RegExp;
}

const cases: readonly Case[] = [
  {name: 'a text, by the shell', command: 'echo "$((1 + 1))" >&2', end: {status: 'done'}, output: '2\n'},
  {name: 'a program, without a shell', command: ['printf', '%s|', '$HOME', 'a b'], end: {status: 'done'}, output: '$HOME|a b|'},
  {name: 'a failure', command: 'echo no; exit 3', end: {status: 'failed', exitCode: 3}, output: 'no\n'},
  {name: 'a crash', command: 'kill -KILL $$', end: {status: 'killed', signal: 'SIGKILL'}},
  {name: 'a text without such a program', command: 'no-such', end: {status: 'failed', exitCode: 127}, output: /not found/},
  {name: 'a program that is missing', command: ['./no-such'], end: {status: 'not-started', code: 'ENOENT'}},
  {name: 'a program that may not be run', command: ['/etc/passwd'], end: {status: 'not-started', code: 'EACCES'}},
  {name: 'a folder that is missing', command: 'true', options: {cwd: '/no/such'}, end: {status: 'not-started', code: 'ENOENT'}},
  {name: 'a NUL in it', command: ['echo', '\0'], end: {status: 'not-started', code: 'ERR_INVALID_ARG_VALUE'}},
  {
    name: 'more words than a system takes',
    command: ['echo', 'x'.repeat(200_000)],
    end: {status: 'not-started', code: 'E2BIG'},
  },
  {name: 'all that it reads', command: 'wc -c', options: {input: MEGABYTES}, end: {status: 'done'}, output: /^\s*5000000\n$/},
  {name: 'a command that reads nothing', command: 'true', options: {input: MEGABYTES}, end: {status: 'done'}, output: ''},
  {
    name: 'a command that closes stdin',
    command: 'head -c 1; exec 0<&-; echo y',
    options: {input: MEGABYTES},
    end: {status: 'done'},
    output: 'xy\n',
  },
  {name: 'nothing to read', command: 'cat', end: {status: 'done'}, output: ''},
  {name: 'bytes that are no UTF-8', command: "printf '\\377'", end: {status: 'done'}, output: '\ufffd'},
  {
    name: 'its environment',
    command: 'echo "$A,$B"',
    options: {env: {A: '1', B: undefined}},
    end: {status: 'done'},
    output: '1,\n',
  },
  {
    name: 'a limit of a year',
    command: 'sleep 0.01; echo done',
    options: {timeout: 365 * 86_400_000},
    end: {status: 'done'},
    output: 'done\n',
  },
  {name: 'a command that hangs', command: ['sleep', '1000'], options: {timeout: 20}, end: {status: 'timed-out'}},
  {
    name: 'a command that hears nothing',
    command: "trap '' TERM; while :; do sleep 1000; done",
    options: {timeout: 50},
    end: {status: 'timed-out'},
  },
];

describe('hooks/command', () => {
  const temp = tempDirs();
  const controller = () => new AbortController();
  const run = (command: CommandLine, options: Partial<CommandOptions> = {}) => {
    const env = {...process.env, ...options.env};
    return runCommand(command, {cwd: temp(), timeout: 60_000, grace: 50, signal: controller().signal, ...options, env});
  };

  for (const {name, command, options, end, output} of cases) {
    it(name, async () => {
      const result = await run(command, options);
      expect(result.end).to.deep.equal(end);
      if (output instanceof RegExp) expect(result.output).to.match(output);
      else if (output !== undefined) expect(result.output).to.equal(output);
    });
  }

  it('keeps the last of 100 MB', async () => {
    const {end, output, isCut} = await run("head -c 100000000 /dev/zero | tr '\\0' x; echo; echo last");
    expect(end).to.deep.equal({status: 'done'});
    expect({isCut, bytes: output.length, ending: output.slice(-7)}).to.deep.equal({
      isCut: true,
      bytes: 8192,
      ending: 'x\nlast\n',
    });
  });

  it('neither waits for background processes of a command nor ends them', async () => {
    const {end, output} = await run('sleep 1000 & echo $!');
    expect(end).to.deep.equal({status: 'done'});
    expect(isAlive(Number(output))).to.equal(true);
    process.kill(Number(output));
  });

  /** A run that is told to stop as soon as the command has made the file `begun`. */
  const runUntilBegun = async (command: CommandLine, options: Partial<CommandOptions> = {}) => {
    const {signal, abort} = stopper();
    const cwd = temp();
    const running = run(command, {signal, cwd, ...options});
    while (!existsSync(path.join(cwd, 'begun'))) await sleep(5);
    abort();
    return running;
  };

  it('ends all processes that a command has started, even if they ignore SIGTERM', async () => {
    const {end, output} = await runUntilBegun("(trap '' TERM; touch begun; sleep 1000) & echo $!; sleep 1000");
    expect(end).to.deep.equal({status: 'stopped'});
    await gone(Number(output));
  });

  it('lets a command tidy up', async () => {
    const command = "trap 'echo bye; exit 0' TERM; touch begun; while :; do sleep 0.01; done";
    const {end, output} = await runUntilBegun(command, {grace: 60_000});
    expect(end).to.deep.equal({status: 'stopped'});
    expect(output).to.match(/bye\n$/);
  });

  it('starts nothing after that', async () => {
    const {signal, abort} = stopper();
    abort();
    const cwd = temp();
    expect((await run('touch here', {signal, cwd})).end).to.deep.equal({status: 'stopped'});
    expect(existsSync(path.join(cwd, 'here'))).to.equal(false);
  });

  it('but gives it the linger time', async () => {
    const {signal, abort} = stopper();
    abort();
    expect((await run('true', {signal, linger: 60_000})).end).to.deep.equal({status: 'done'});
    expect((await run('sleep 1000', {signal, linger: 20})).end).to.deep.equal({status: 'stopped'});
  });

  it('asks a command to end when the process ends at once', async () => {
    const cwd = temp();
    const module = fileURLToPath(new URL('../../src/hooks/command.js', import.meta.url));
    writeFileSync(
      path.join(cwd, 'host.mjs'),
      `import {existsSync} from 'node:fs';
       import {runCommand} from ${JSON.stringify(module)};
       const {signal} = new AbortController();
       void runCommand('echo $$ >pid.tmp; mv pid.tmp pid; sleep 1000', {cwd: '.', env: process.env, timeout: 60_000, signal});
       setInterval(() => existsSync('pid') && process.exit(0), 5);`,
    );
    await promisify(execFile)(process.execPath, ['host.mjs'], {cwd});
    await gone(Number(readFileSync(path.join(cwd, 'pid'), 'utf8')));
  });

  describe('tells', () => {
    const told: [command: CommandLine, words: RegExp][] = [
      ['echo fine', /^done in \d+\.\d s$/],
      ['echo one; echo " two "; echo; exit 3', /^exit code 3 after \d+\.\d s: two$/],
      ['printf "\\033[31mred\\rb\\202d\\\\\\\\n\\342\\200\\256"; exit 1', /^exit code 1 after \d+\.\d s: b\ufffdd\\\\n\\u202e$/],
      ['exit 1', /^exit code 1 after \d+\.\d s$/],
      ['printf %0400d 0; exit 1', /: 0{300}…$/],
      ['kill -TERM $$', /^killed by SIGTERM after \d+\.\d s$/],
      [['./no-such'], /^could not be started \(ENOENT\)$/],
    ];
    for (const [command, words] of told) {
      it(String(words), async () => expect(resultWords(await run(command))).to.match(words));
    }

    it('of one that took too long', () => {
      const end: CommandEnd = {status: 'timed-out'};
      const words = resultWords({end, duration: 61_000, output: 'at it\n', isCut: false});
      expect(words).to.equal('reached its time limit, and was stopped after 1 min 1 s: at it');
    });
  });

  it('treats a script that is not executable as one that cannot be started', async () => {
    const file = path.join(temp(), 'hook.sh');
    writeFileSync(file, '#!/bin/sh\n');
    expect((await run([file])).end).to.deep.equal({status: 'not-started', code: 'EACCES'});
    chmodSync(file, 0o700);
    expect((await run([file])).end).to.deep.equal({status: 'done'});
  });
});

function stopper(): {signal: AbortSignal; abort: () => void} {
  const controller = new AbortController();
  return {signal: controller.signal, abort: () => controller.abort()};
}

/** A process that has ended and that nobody asked about is not alive. */
function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

async function gone(pid: number): Promise<void> {
  expect(pid).to.be.greaterThan(1);
  while (isAlive(pid)) await sleep(5);
}
