/** A CI server with only the features that the workflows in examples/ need: it runs their scripts in a folder that stays after a job. */
import fs from 'node:fs';
import path from 'node:path';
import {parse} from 'yaml';
import {type Ended, environment, example, started, writeFile, writeNpm} from './examples.js';

export interface JobEnd extends Ended {
  /** The output that people see: the summary of a job, or its reports. */
  readonly shown: string;
}

export interface Ci {
  readonly source: string;
  readonly target: string;
  /** The folder of the plan files during the review. */
  readonly artifacts: string;
  plan(): JobEnd;
  /** Not started if the workflow says that there is nothing to apply. */
  apply(): JobEnd | undefined;
}

type Variables = Readonly<Record<string, string>>;

/** Common to both servers: the checked-out repository, and the programs of the server. */
function prepare(folder: string, address: string) {
  const workspace = path.join(folder, 'work');
  const target = path.join(folder, 'srv/site');
  fs.mkdirSync(target, {recursive: true});
  fs.mkdirSync(path.join(workspace, 'site'), {recursive: true});
  writeFile(path.join(workspace, 'dirsync.config.yaml'), example('dirsync.config.yaml', {'/srv/site': target}));
  writeNpm(path.join(folder, 'bin'), address);
  const artifacts = path.join(folder, 'artifacts');
  return {workspace, target, artifacts, source: path.join(workspace, 'site'), env: {...environment(folder), CI: 'true'}};
}

/** The files of an earlier job that a checkout keeps. */
function clean(workspace: string): void {
  for (const name of fs.readdirSync(workspace)) {
    if (!['site', 'dirsync.config.yaml'].includes(name)) fs.rmSync(path.join(workspace, name));
  }
}

function copyFiles(names: readonly string[], from: string, to: string): void {
  fs.rmSync(to, {recursive: true, force: true});
  fs.mkdirSync(to);
  for (const name of names) fs.copyFileSync(path.join(from, name), path.join(to, name));
}

function pairsOf(file: string): Record<string, string> {
  const lines = fs.existsSync(file) ? fs.readFileSync(file, 'utf8').trim().split('\n') : [];
  return Object.fromEntries(lines.map((line) => /^(\w+)=(.*)$/.exec(line)?.slice(1) ?? []));
}

interface Step {
  readonly id?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: {readonly name?: string; readonly path?: string};
  readonly env?: Variables;
}

interface Workflow {
  readonly env: Variables;
  readonly defaults: {readonly run: {readonly shell: string}};
  readonly jobs: Readonly<Record<string, {readonly outputs?: Variables; readonly if?: string; readonly steps: readonly Step[]}>>;
}

export function githubActions(folder: string): Ci {
  const workflow: Workflow = parse(example('github-actions.yml'));
  const {workspace, env: machine, ...ci} = prepare(folder, workflow.env.DIRSYNC as string);
  /** The values that expressions can use, such as `needs.plan.outputs.sha256`. */
  const known: Record<string, string> = {};
  const value = (name: string) => {
    const found = known[name];
    if (found === undefined) throw new Error(`${name} is not known`);
    return found;
  };
  const filled = (text: string) => text.replace(/\$\{\{ (\S+) \}\}/g, (_, name: string) => value(name));

  function runStep({id, run, env = {}}: Step & {readonly run: string}, files: Variables): Ended {
    if (workflow.defaults.run.shell !== 'bash') throw new Error('the shell is another');
    const script = path.join(folder, 'step.sh');
    fs.writeFileSync(script, filled(run));
    const own = Object.fromEntries(Object.entries(env).map(([key, text]) => [key, filled(text)]));
    const output = path.join(folder, 'output');
    fs.writeFileSync(output, '');
    const all = {...machine, ...workflow.env, ...own, ...files, GITHUB_ACTIONS: 'true', GITHUB_OUTPUT: output};
    const ended = started(['bash', '--noprofile', '--norc', '-eo', 'pipefail', script], workspace, all);
    for (const [key, text] of Object.entries(pairsOf(output))) known[`steps.${id}.outputs.${key}`] = text;
    return ended;
  }

  function act({uses = '', with: wanted}: Step): void {
    const stored = path.join(ci.artifacts, wanted?.name ?? '');
    switch (uses.split('@')[0]) {
      case 'actions/setup-node':
        return;
      case 'actions/checkout':
        clean(workspace);
        return;
      case 'actions/upload-artifact':
        fs.mkdirSync(ci.artifacts, {recursive: true});
        copyFiles(wanted?.path?.trim().split('\n') ?? [], workspace, stored);
        return;
      case 'actions/download-artifact':
        for (const file of fs.readdirSync(stored)) fs.copyFileSync(path.join(stored, file), path.join(workspace, file));
        return;
      default:
        throw new Error(`there is no ${uses}`);
    }
  }

  function runJob(name: string): JobEnd {
    const {steps = [], outputs = {}} = workflow.jobs[name] ?? {};
    const summary = path.join(folder, 'summary.md');
    fs.writeFileSync(summary, '');
    let end: Ended = {code: 0, stdout: '', stderr: ''};
    for (const step of steps) {
      if (step.run === undefined) act(step);
      else {
        const {code, stdout, stderr} = runStep({...step, run: step.run}, {GITHUB_STEP_SUMMARY: summary});
        end = {code, stdout: end.stdout + stdout, stderr: end.stderr + stderr};
      }
      if (end.code !== 0) break;
    }
    if (end.code === 0) for (const [key, text] of Object.entries(outputs)) known[`needs.${name}.outputs.${key}`] = filled(text);
    return {...end, shown: fs.readFileSync(summary, 'utf8')};
  }

  return {
    ...ci,
    artifacts: path.join(ci.artifacts, 'plan'),
    plan: () => runJob('plan'),
    apply() {
      const [, name = '', wanted] = /^(\S+) == '(.*)'$/.exec(workflow.jobs.apply?.if ?? '') ?? [];
      return value(name) === wanted ? runJob('apply') : undefined;
    },
  };
}

interface Pipeline {
  readonly variables: Variables;
  readonly default: {readonly before_script: readonly string[]};
  readonly [job: string]: unknown;
}

interface PipelineJob {
  readonly variables: Variables;
  readonly script: readonly string[];
  readonly after_script?: readonly string[];
  readonly artifacts: {readonly paths: readonly string[]; readonly reports: {readonly junit: string; readonly dotenv?: string}};
}

export function gitlabCi(folder: string): Ci {
  const pipeline: Pipeline = parse(example('gitlab-ci.yml'));
  const {workspace, env: machine, ...ci} = prepare(folder, pipeline.variables.DIRSYNC as string);
  let handedOn: Variables = {};

  function runJob(name: string): JobEnd {
    const {variables, script, after_script: after = [], artifacts} = pipeline[name] as PipelineJob;
    if (variables.GIT_STRATEGY === 'fetch') clean(workspace);
    const env = {...machine, ...pipeline.variables, ...variables, ...handedOn, GITLAB_CI: 'true'};
    const bash = (lines: readonly string[]) => started(['bash', '-eo', 'pipefail', '-c', lines.join('\n')], workspace, env);
    const {code, stdout, stderr} = bash([...pipeline.default.before_script, ...script]);
    const afterwards = bash(after);
    const {junit, dotenv} = artifacts.reports;
    if (dotenv !== undefined) handedOn = pairsOf(path.join(workspace, dotenv));
    if (name === 'plan') {
      copyFiles(
        artifacts.paths.filter((file) => fs.existsSync(path.join(workspace, file))),
        workspace,
        ci.artifacts,
      );
    }
    const shown = fs.readFileSync(path.join(workspace, junit), 'utf8');
    return {code, shown, stdout: stdout + afterwards.stdout, stderr: stderr + afterwards.stderr};
  }

  return {
    ...ci,
    plan: () => runJob('plan'),
    apply() {
      for (const name of fs.readdirSync(ci.artifacts)) {
        fs.copyFileSync(path.join(ci.artifacts, name), path.join(workspace, name));
      }
      return runJob('apply');
    },
  };
}
