import type { Session } from '@hearth/protocol';
import { Option } from 'commander';
import type { Command } from 'commander';
import type { Access } from './access.ts';
import { forOutput } from './plain.ts';
import { addServerFlags } from './server-flags.ts';
import type { ServerFlags } from './server-flags.ts';
import { wholeNumber } from './whole-number.ts';

const STATUSES = ['active', 'waiting', 'idle', 'archived', 'all'] as const;

interface ListFlags extends ServerFlags {
  status?: (typeof STATUSES)[number];
  search?: string;
  limit: number;
  json?: true;
}

interface RewindFlags extends ServerFlags {
  to: string;
  files?: boolean;
  dryRun?: boolean;
}

export function define(command: Command): void {
  command.description('Sessions of the running server; when none runs, those in the data directory.');
  addServerFlags(command.command('list'))
    .description('Lists sessions, newest activity first.')
    .addOption(new Option('--status <status>', 'only these; default: all that are not archived').choices(STATUSES))
    .option('--search <text>', 'part of the title or of the directory')
    .option('--limit <number>', 'at most so many', wholeNumber(1), 50)
    .option('--json', 'as a JSON array')
    .action(async (flags: ListFlags) => list(flags));
  addServerFlags(command.command('show'))
    .description('Shows a session.')
    .argument('<id>')
    .option('--json', 'as JSON')
    .action(async (id: string, flags: ServerFlags & { json?: true }) => show(id, flags));
  addServerFlags(command.command('export'))
    .description('Writes a conversation to standard output.')
    .argument('<id>')
    .addOption(
      new Option('--format <format>', 'Markdown, or the log without deltas').choices(['md', 'json']).default('md'),
    )
    .action(async (id: string, flags: ServerFlags & { format: 'md' | 'json' }) => exportSession(id, flags));
  addServerFlags(command.command('fork'))
    .description('Starts a new session with the conversation so far, and prints its id.')
    .argument('<id>')
    .option('--at <seq>', 'only the turns that were over at this event')
    .action(async (id: string, flags: ServerFlags & { at?: string }) => fork(id, flags));
  addServerFlags(command.command('rewind'))
    .description('Takes the last turns of a session back; its log keeps them.')
    .argument('<id>')
    .requiredOption('--to <place>', 'the seq of an event (0: the beginning), or the id of the message to go before')
    .option('--files', 'also put back the files that the agent edited since')
    .option('--dry-run', 'change nothing, and say what would be')
    .action(async (id: string, flags: RewindFlags) => rewind(id, flags));
  addServerFlags(command.command('rm'))
    .description('Removes sessions with their logs, for good.')
    .argument('<id...>')
    .option('-y, --yes', 'do not ask')
    .action(async (ids: string[], flags: ServerFlags & { yes?: true }) => remove(ids, flags));
}

async function withAccess<Result>(flags: ServerFlags, work: (access: Access) => Promise<Result>): Promise<Result> {
  const { openAccess } = await import('./open-access.ts');
  const access = await openAccess(flags, { mayMake: false });
  try {
    return await work(access);
  } finally {
    await access.close();
  }
}

async function list({ status, search, limit, json, ...flags }: ListFlags): Promise<void> {
  const items = await withAccess(flags, async (access) => {
    const found: Session[] = [];
    let cursor: string | undefined;
    do {
      const page = await access.list({
        limit: Math.min(200, limit - found.length),
        ...(status === undefined ? {} : { status }),
        ...(search === undefined ? {} : { q: search }),
        ...(cursor === undefined ? {} : { cursor }),
      });
      found.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== undefined && found.length < limit);
    return found;
  });
  if (json === true) {
    process.stdout.write(`${JSON.stringify(items)}\n`);
    return;
  }
  if (items.length === 0) {
    process.stderr.write('no sessions\n');
    return;
  }
  const [{ table }, { ago, stateOf }, { money }] = await Promise.all([
    import('./table.ts'),
    import('./session-lines.ts'),
    import('./describe.ts'),
  ]);
  const rows = items.map((session) => [
    session.id,
    stateOf(session),
    session.agent,
    session.title ?? '',
    money(session.usage.costUsd),
    ago(Date.parse(session.updatedAt), Date.now()),
  ]);
  process.stdout.write(table(['ID', 'STATE', 'AGENT', 'TITLE', 'COST', 'WHEN'], rows));
}

async function show(id: string, { json, ...flags }: ServerFlags & { json?: true }): Promise<void> {
  const session = await withAccess(flags, (access) => access.get(id));
  if (json === true) {
    process.stdout.write(`${JSON.stringify(session)}\n`);
    return;
  }
  const { sessionLines } = await import('./session-lines.ts');
  process.stdout.write(`${sessionLines(session, Date.now()).join('\n')}\n`);
}

async function exportSession(id: string, { format, ...flags }: ServerFlags & { format: 'md' | 'json' }): Promise<void> {
  const transcript = await withAccess(flags, (access) => access.transcript(id));
  const { transcriptMarkdown } = await import('../gateway/transcript.ts');
  const text = format === 'md' ? transcriptMarkdown(transcript) : `${JSON.stringify(transcript)}\n`;
  process.stdout.write(forOutput(text));
}

async function fork(id: string, { at, ...flags }: ServerFlags & { at?: string }): Promise<void> {
  const params = at === undefined ? {} : { atSeq: await seqOf(at) };
  const session = await withAccess(flags, (access) => access.fork(id, params));
  process.stdout.write(`${session.id}\n`);
}

async function rewind(id: string, { to, files = false, dryRun = false, ...flags }: RewindFlags): Promise<void> {
  const place = /^\d+$/.test(to) ? { toSeq: await seqOf(to) } : { toMessageId: to };
  const done = await withAccess(flags, (access) => access.rewind(id, { ...place, files, dryRun }));
  const turns = done.turns === 1 ? 'the last turn' : `the last ${done.turns} turns`;
  process.stderr.write(`${dryRun ? 'would take' : 'took'} back ${turns}\n`);
  for (const file of done.files ?? []) process.stdout.write(forOutput(`${file}\n`));
}

async function seqOf(text: string): Promise<number> {
  const seq = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(seq)) return seq;
  const { HearthError } = await import('@hearth/protocol/errors');
  throw new HearthError('invalid_request', `“${text}” is not the seq of an event.`, {
    hint: '`hearth sessions export --format json ID` shows the events.',
  });
}

async function remove(ids: readonly string[], { yes, ...flags }: ServerFlags & { yes?: true }): Promise<void> {
  await withAccess(flags, async (access) => {
    const sessions = await Promise.all(ids.map((id) => access.get(id)));
    if (yes !== true) {
      const { confirmRemoval } = await import('./confirm-removal.ts');
      await confirmRemoval(sessions.map(({ id, title }) => title ?? id));
    }
    for (const { id } of sessions) {
      await access.delete(id);
      process.stderr.write(`removed ${id}\n`);
    }
  });
}
