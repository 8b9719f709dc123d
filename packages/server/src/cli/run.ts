import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { HearthError } from '@hearth/protocol/errors';
import type { PermissionMode, Session, SessionCreate } from '@hearth/protocol';
import { Option } from 'commander';
import type { Command } from 'commander';
import type { Access } from './access.ts';
import type { ApprovalPolicy } from './approval-choice.ts';
import { shellWord } from './own-command.ts';
import { addServerFlags } from './server-flags.ts';
import type { ServerFlags } from './server-flags.ts';
import type { Terminal } from './terminal.ts';

interface RunFlags extends ServerFlags {
  session?: string;
  agent?: string;
  model?: string;
  cwd?: string;
  permissionMode?: PermissionMode;
  json?: true;
  yes?: true;
}

const HELP = `
The answer goes to standard output; thinking, tool calls and questions to standard error.
A running server (also a demo) is used when there is one, else the sessions run in this process.

Exit code: 0 completed, 1 failed, 130 interrupted. Ctrl-C interrupts the turn, a second one leaves.

Examples:
  hearth run "Explain the build"
  git diff | hearth run - > review.md
  hearth run --session ID --yes "Now fix it"
  hearth run --json "hello" | jq -r 'select(.type == "block.completed").text'`;

export function define(command: Command): void {
  addServerFlags(command)
    .description('Sends one prompt and streams the turn to the terminal.')
    .argument('[prompt]', 'what to say; `-` or nothing: read from standard input')
    .option('-s, --session <id>', 'go on in this session; default: a new one')
    .option('-a, --agent <name>', 'agent of a new session: claude or scripted; default: the server’s')
    .option('-m, --model <name>', 'model of a new session')
    .option('--cwd <path>', 'working directory of a new session; default: this one when the server may use it')
    .addOption(
      new Option('--permission-mode <mode>', 'when a new session asks before it uses a tool').choices([
        'default',
        'acceptEdits',
        'plan',
        'dontAsk',
        'bypassPermissions',
      ]),
    )
    .option('-y, --yes', 'allow every tool without asking')
    .option('--json', 'print the events as JSON lines, and nothing else, on standard output')
    .addHelpText('after', HELP)
    .action(async (prompt: string | undefined, flags: RunFlags) => {
      process.exitCode = await run(prompt, flags);
    });
}

async function run(given: string | undefined, flags: RunFlags): Promise<number> {
  const prompt = await readPrompt(given);
  const [{ openAccess }, { runTurn }, { processTerminal }, { onStopSignal }] = await Promise.all([
    import('./open-access.ts'),
    import('./run-turn.ts'),
    import('./terminal.ts'),
    import('./stop-signals.ts'),
  ]);
  const terminal = processTerminal();
  const access = await openAccess(flags, { mayMake: true });
  try {
    const { session, after } = await openSession(access, flags, terminal);
    const exitCode = await runTurn({
      access,
      sessionId: session.id,
      prompt,
      after,
      pending: session.approvals,
      json: flags.json === true,
      policy: policyOf(flags, terminal),
      terminal,
      ask: async (approval, signal) => (await import('./approval-prompt.ts')).promptForApproval(approval, signal),
      onInterrupt: onStopSignal,
    });
    const goOn = `hearth run${serverWords(flags)} --session ${session.id} "…"`;
    terminal.err(`${terminal.paint('dim', `session ${session.id} (go on: ${goOn})`)}\n`);
    return exitCode;
  } finally {
    await access.close();
  }
}

/** The flags by which the same server is found again; the token is on no screen. */
function serverWords({ url, dataDir, config }: ServerFlags): string {
  const named = Object.entries({ '--url': url, '--data-dir': dataDir, '--config': config });
  return named.map(([flag, value]) => (value === undefined ? '' : ` ${flag} ${shellWord(value)}`)).join('');
}

/** @returns the session, and the log's end before anything of this run is in it */
async function openSession(
  access: Access,
  flags: RunFlags,
  terminal: Terminal,
): Promise<{ session: Session; after: number }> {
  if (flags.session !== undefined) {
    const session = await access.get(flags.session);
    return { session, after: session.lastSeq };
  }
  const { agent, model, permissionMode } = flags;
  const params = {
    ...(agent === undefined ? {} : { agent }),
    ...(model === undefined ? {} : { model }),
    ...(permissionMode === undefined ? {} : { permissionMode }),
  };
  const session =
    flags.cwd === undefined
      ? await createHere(access, params, terminal)
      : await access.create({ ...params, cwd: resolve(flags.cwd) });
  return { session, after: 0 };
}

/** In the current directory when the server runs on this machine and may work there, else in its own workspace. */
async function createHere(access: Access, params: SessionCreate, terminal: Terminal): Promise<Session> {
  if (!access.isHere) return access.create(params);
  try {
    return await access.create({ ...params, cwd: process.cwd() });
  } catch (error) {
    if (
      !(error instanceof HearthError && error.code === 'forbidden') ||
      params.permissionMode === 'bypassPermissions'
    ) {
      throw error;
    }
    const session = await access.create(params);
    const note = `this directory lies outside the server’s workspaces; the session works in ${session.cwd}`;
    terminal.err(`${terminal.paint('dim', note)}\n`);
    return session;
  }
}

function policyOf({ yes, json }: RunFlags, terminal: Terminal): ApprovalPolicy {
  if (yes === true) return 'allow';
  return terminal.interactive && json !== true ? 'ask' : 'deny';
}

async function readPrompt(given: string | undefined): Promise<string> {
  const fromInput = given === '-' || (given === undefined && !process.stdin.isTTY);
  const prompt = fromInput ? await text(process.stdin) : given;
  if (prompt !== undefined && prompt.trim() !== '') return prompt;
  throw new HearthError('invalid_request', 'There is no prompt.', {
    hint: 'Write it as hearth run "…", or pipe it in.',
  });
}
