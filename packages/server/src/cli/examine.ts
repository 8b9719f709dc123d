import { readdir, stat } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { HearthError } from '@hearth/protocol/errors';
import { checkBinary } from '../backend/claude/claude-binary.ts';
import { agentEnvironment } from '../backend/claude/claude-config.ts';
import { isPostgres } from '../config/database-url.ts';
import { loadConfig } from '../config/load.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { Config } from '../config/options.ts';
import { PACKAGE_ROOT } from '../package-root.ts';
import { VERSION } from '../version.ts';
import type { ConfigFlags } from './config-flags.ts';
import { findServer } from './discovery.ts';
import type { FoundServer } from './discovery.ts';
import { examineAccounts } from './examine-accounts.ts';
import { examineDataDir, examineDatabase, examineDisk } from './examine-storage.ts';
import { examineServer } from './examine-server.ts';
import { none, odd, well, wrong } from './finding.ts';
import type { Finding } from './finding.ts';

const MIN_NODE = [20, 19] as const;

/** Variables by which the claude binary gets its credentials. */
const CREDENTIALS = [
  'ANTHROPIC_API_KEY',
  'ANTHROPIC_AUTH_TOKEN',
  'CLAUDE_CODE_OAUTH_TOKEN',
  'CLAUDE_CODE_USE_BEDROCK',
  'CLAUDE_CODE_USE_VERTEX',
  'CLAUDE_CODE_USE_FOUNDRY',
];

/** Looks at everything that a server needs, and changes nothing. Credentials are looked for by name, never read. */
export async function examine(flags: ConfigFlags): Promise<Finding[]> {
  const node = examineNode(process.versions.node);
  const loaded = load(flags);
  if ('verdict' in loaded) return [node, loaded];
  const { config } = loaded;
  const server = await findServer([config.dataDir]);
  const accounts = await examineAccounts(config, server);
  return [
    well('hearth', `version ${VERSION}`),
    node,
    ...examineSettings(loaded),
    await examineBinary(config),
    await examineCredentials(config, accounts.inUse),
    ...accounts.findings,
    await examineDataDir(config.dataDir),
    ...(await examineStore(config, server)),
    await examineDisk(config.dataDir),
    ...(await examineWorkspaces(config.workspace)),
    await examineServer(config, server),
    examineWebUi(),
    none('nats', 'not configured'),
  ];
}

async function examineStore(config: Config, server: FoundServer | null): Promise<Finding[]> {
  const { databaseUrl } = config;
  if (databaseUrl === undefined || !isPostgres(databaseUrl)) {
    return [await examineDatabase(config, server), none('postgres', 'not configured')];
  }
  const { examinePostgres } = await import('./examine-postgres.ts');
  return [await examinePostgres(databaseUrl)];
}

export function examineNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isNew = major > MIN_NODE[0] || (major === MIN_NODE[0] && minor >= MIN_NODE[1]);
  if (isNew) return well('node', `v${version}`);
  return wrong(
    'node',
    `v${version} is too old`,
    `Install Node.js ${MIN_NODE.join('.')} or newer (https://nodejs.org).`,
  );
}

function load(flags: ConfigFlags): LoadedConfig | Finding {
  try {
    return loadConfig({ flags });
  } catch (error) {
    if (!(error instanceof HearthError)) throw error;
    return wrong('settings', error.message, error.hint ?? 'Mend the setting.');
  }
}

function examineSettings({ file, sources, warnings }: LoadedConfig): Finding[] {
  const named = Object.entries(sources).map(([key, source]) => `${key} (${source})`);
  const set = named.length === 0 ? 'all are defaults' : named.join(', ');
  return [
    well('settings', file === undefined ? set : `${set}; file ${file}`),
    ...warnings.map((warning) => odd('settings', warning, 'Correct the name, or unset it.')),
  ];
}

async function examineBinary({ claudePath }: Config): Promise<Finding> {
  const check = await checkBinary(claudePath, agentEnvironment(process.env));
  if (check.type === 'found') return well('claude', `${check.version}, ${check.path}`);
  return wrong('claude', check.reason, 'Install again with npm ci, or name a binary with --claude-path.');
}

async function examineCredentials({ agent }: Config, hasAccounts: boolean): Promise<Finding> {
  if (hasAccounts) return well('credentials', 'those of the accounts');
  const set = CREDENTIALS.filter((name) => (process.env[name] ?? '') !== '');
  if (set.length > 0) return well('credentials', `${set.join(', ')} in the environment`);
  const configDir = process.env['CLAUDE_CONFIG_DIR'] ?? join(homedir(), '.claude');
  const login = join(configDir, '.credentials.json');
  if (existsSync(login)) return well('credentials', `the login of Claude Code, ${login}`);
  const fix =
    'Add an account (hearth accounts add), log in with the claude program, or set ANTHROPIC_API_KEY; without any: hearth demo.';
  if (process.platform === 'darwin') return odd('credentials', 'none found; a login may be in the keychain', fix);
  const missing = `no ${CREDENTIALS.slice(0, 3).join(', no ')}, and no login in ${configDir}`;
  return agent === 'claude' ? wrong('credentials', missing, fix) : odd('credentials', missing, fix);
}

async function examineWorkspaces(roots: readonly string[]): Promise<Finding[]> {
  return Promise.all(
    roots.map(async (root) => {
      try {
        if (!(await stat(root)).isDirectory()) return wrong('workspace', `${root} is not a folder`, 'Name a folder.');
        await readdir(root);
        return well('workspace', root);
      } catch (error) {
        const why =
          error instanceof Error && 'code' in error && error.code === 'ENOENT' ? 'does not exist' : 'cannot be read';
        return wrong('workspace', `${root} ${why}`, 'Make the folder, or name another with --workspace.');
      }
    }),
  );
}

function examineWebUi(): Finding {
  if (existsSync(join(PACKAGE_ROOT, '..', 'web', 'dist', 'index.html'))) return well('web UI', 'built');
  return odd('web UI', 'not built', 'npm run build:web; bin/hearth does it by itself.');
}
