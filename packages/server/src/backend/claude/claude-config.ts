import type { SettingSource } from '@anthropic-ai/claude-agent-sdk';
import type { Logger } from 'pino';
import type { ModelAccess } from './model-access.ts';
import type { ProcessStore, TranscriptStore } from '../../store/store.ts';

export interface ClaudeConfig {
  /** Which of Claude Code's own settings files are read. Default: all, as Claude Code itself does. */
  settingSources?: SettingSource[];
  /** Default: the binary that comes with the SDK. */
  pathToClaudeCodeExecutable?: string;
  /** Retries of the model API by the binary; its own default is ten. */
  maxRetries?: number;
  /** Whether a session may have the mode `bypassPermissions`. Default false. */
  allowBypassPermissions?: boolean;
  /** Whether the model has a to-do list (`TodoWrite`), which newer models are not given by default. Default true. */
  todoTools?: boolean;
  /** How many processes stand ready for new conversations. Default 0. */
  spares?: number;
  /** How long a process may take to end by itself after its input was closed. Default 5 s. */
  closeTimeoutMs?: number;
  /** What a process takes of the server's environment; called at each start. Default: `agentEnvironment(process.env)`. */
  environment?: () => Record<string, string | undefined>;
}

export interface ClaudeBackendDeps {
  /** Absent: processes find their model API by their environment alone. */
  models?: ModelAccess;
  transcripts: TranscriptStore;
  processes: ProcessStore;
  log: Pick<Logger, 'info' | 'warn' | 'error'>;
  config: ClaudeConfig;
  /** Makes UUIDs. */
  newId: () => string;
  clock: { now: () => number };
}

/** Variables that a program needs anywhere, beside those of the binary's own. */
const COMMON = new Set(
  'PATH HOME USER LOGNAME SHELL LANG LANGUAGE TZ TERM TMPDIR TMP TEMP XDG_CONFIG_HOME XDG_CACHE_HOME XDG_DATA_HOME XDG_RUNTIME_DIR SSH_AUTH_SOCK HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY http_proxy https_proxy no_proxy all_proxy SSL_CERT_FILE SSL_CERT_DIR NODE_EXTRA_CA_CERTS SystemRoot APPDATA LOCALAPPDATA USERPROFILE ComSpec PATHEXT'.split(
    ' ',
  ),
);
const PREFIXES = ['LC_', 'ANTHROPIC_', 'CLAUDE_', 'AWS_', 'GOOGLE_', 'GCLOUD_', 'CLOUD_ML_', 'AZURE_', 'VERTEX_'];
const OWN = new Set(
  'API_TIMEOUT_MS BASH_DEFAULT_TIMEOUT_MS BASH_MAX_TIMEOUT_MS BASH_MAX_OUTPUT_LENGTH DISABLE_TELEMETRY DISABLE_AUTOUPDATER DISABLE_ERROR_REPORTING DISABLE_BUG_COMMAND DISABLE_COST_WARNINGS DISABLE_PROMPT_CACHING MAX_THINKING_TOKENS MAX_MCP_OUTPUT_TOKENS MCP_TIMEOUT MCP_TOOL_TIMEOUT USE_BUILTIN_RIPGREP ENABLE_TOOL_SEARCH'.split(
    ' ',
  ),
);
/** Marks that a surrounding Claude Code leaves; with them the binary would take itself for a part of that one. */
const FOREIGN = new Set(['CLAUDE_CODE_ENTRYPOINT', 'CLAUDE_CODE_SSE_PORT', 'CLAUDE_AGENT_SDK_VERSION', 'CLAUDECODE']);

/** The variables that the binary understands, and none of the server's own. */
export function agentEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => isForAgent(name)));
}

function isForAgent(name: string): boolean {
  if (FOREIGN.has(name)) return false;
  return COMMON.has(name) || OWN.has(name) || PREFIXES.some((prefix) => name.startsWith(prefix));
}

/** The environment of one process. */
export function processEnvironment(config: ClaudeConfig): Record<string, string | undefined> {
  const env = config.environment?.() ?? agentEnvironment(process.env);
  return {
    ...env,
    CLAUDE_AGENT_SDK_CLIENT_APP: env['CLAUDE_AGENT_SDK_CLIENT_APP'] ?? 'hearth',
    // One list that is written whole (TodoWrite), rather than tasks in files of the binary's own (TaskCreate, …).
    ...(config.todoTools === false ? {} : { CLAUDE_CODE_ENABLE_TODO_TOOLS: '1', CLAUDE_CODE_ENABLE_TASKS: '0' }),
    ...(config.maxRetries === undefined ? {} : { CLAUDE_CODE_MAX_RETRIES: String(config.maxRetries) }),
  };
}
