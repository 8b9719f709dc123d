import { join } from 'node:path';
import type { Command } from 'commander';
import { isPostgres } from '../config/database-url.ts';
import type { LoadedConfig } from '../config/load.ts';
import { addConfigFlags } from './config-flags.ts';
import type { ConfigFlags } from './config-flags.ts';

/** Between words, so that one sees the answer stream. */
const WORD_DELAY_MS = 25;

const DEMO_SCHEMA = 'hearth_demo';

const HELP = `
Everything is real (the claude binary, its tools, sessions, API, web UI) except the model: a scripted Messages API on
loopback answers, and no account is needed or touched. Takes all flags and variables of hearth serve.

Its data lie in the folder "demo" of the data directory, unless --data-dir names another; it works in a folder of its
own there, unless --workspace names another.`;

export function define(command: Command): void {
  addConfigFlags(command)
    .description('Runs the whole product without any account.')
    .addHelpText('after', HELP)
    .action(async (flags: ConfigFlags) => demo(flags));
}

async function demo(flags: ConfigFlags): Promise<void> {
  const [{ loadConfig }, { runServer }, { startMessagesApi }, environment, { candidateFolders, DEMO_FOLDER }] =
    await Promise.all([
      import('../config/load.ts'),
      import('./run-server.ts'),
      import('@hearth/testkit'),
      import('./demo-environment.ts'),
      import('./discovery.ts'),
    ]);
  const loaded = loadConfig({ flags });
  const standard = loadConfig().config.dataDir;
  const dataDir = isNamed(loaded, 'dataDir') ? loaded.config.dataDir : join(loaded.config.dataDir, DEMO_FOLDER);
  const workspace = isNamed(loaded, 'workspace') ? loaded.config.workspace : [await prepareWorkspace(dataDir)];
  const api = await startMessagesApi({ wordDelayMs: WORD_DELAY_MS });
  try {
    await runServer({
      warnings: loaded.warnings,
      config: { ...loaded.config, ...demoDatabase(loaded.config), dataDir, workspace },
      agentEnv: await environment.demoEnvironment(dataDir, api.url),
      introduction: await introductionFor({
        dataDir,
        isFoundByItself: candidateFolders(standard).includes(dataDir),
        hasTokenFile: loaded.config.token === undefined,
      }),
    });
  } finally {
    await api.close();
  }
}

/** In PostgreSQL the demo keeps to a schema of its own, unless the address names one. */
export function demoDatabase({ databaseUrl }: Pick<LoadedConfig['config'], 'databaseUrl'>): { databaseUrl?: string } {
  if (databaseUrl === undefined || !isPostgres(databaseUrl) || /[?&]schema=/.test(databaseUrl)) return {};
  // An address with several hosts is no URL to JavaScript.
  return { databaseUrl: `${databaseUrl}${databaseUrl.includes('?') ? '&' : '?'}schema=${DEMO_SCHEMA}` };
}

function isNamed({ sources }: LoadedConfig, key: string): boolean {
  return sources[key] !== undefined;
}

async function prepareWorkspace(dataDir: string): Promise<string> {
  const { demoWorkspace } = await import('./demo-environment.ts');
  return demoWorkspace(dataDir);
}

interface Introduction {
  dataDir: string;
  /** A command finds the server without being told the data directory. */
  isFoundByItself: boolean;
  hasTokenFile: boolean;
}

async function introductionFor(about: Introduction): Promise<(url: string) => string> {
  const { ownCommand, shellWord } = await import('./own-command.ts');
  const { dataDir, isFoundByItself, hasTokenFile } = about;
  const run = `${ownCommand()} run${isFoundByItself ? '' : ` --data-dir ${shellWord(dataDir)}`}`;
  const token = hasTokenFile ? `$(cat ${shellWord(join(dataDir, 'token'))})` : '$HEARTH_TOKEN';
  return (url) =>
    [
      'No account is used: a script answers in the model’s place; all else is real. In another terminal, try:',
      '',
      `  ${run} "Hello there"`,
      `  ${run} '[[think Let me look.]] [[tool Bash {"command":"ls -la"}]] [[say That was all.]]'`,
      '',
      'or the API:',
      '',
      `  curl -s -X POST ${url}/v1/sessions -d '{}' \\`,
      `    -H "Authorization: Bearer ${token}" -H "Content-Type: application/json"`,
      '',
      'or the link above, in a browser. Ctrl-C ends the demo.',
    ].join('\n');
}
