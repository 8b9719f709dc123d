import { HearthError } from '@hearth/protocol/errors';
import type { Command } from 'commander';
import { addServerFlags } from './server-flags.ts';
import type { ServerFlags } from './server-flags.ts';

interface CreateFlags extends ServerFlags {
  expires?: string;
  json?: true;
}

interface ListFlags extends ServerFlags {
  json?: true;
}

export function define(command: Command): void {
  command.description('Manages API tokens of the running server. Its owner alone may.');
  addServerFlags(command.command('create'))
    .description('Makes a token and prints it, this once; the server keeps only its hash.')
    .argument('<label>', 'what it is for; the author of what is sent with it')
    .option('--expires <when>', 'a date (2027-01-31) or a time from now (12h, 30d); default: never')
    .option('--json', 'print all about it as JSON')
    .action(async (label: string, flags: CreateFlags) => create(label, flags));
  addServerFlags(command.command('list'))
    .description('Lists the tokens, without their secrets.')
    .option('--json', 'as JSON')
    .action(async (flags: ListFlags) => list(flags));
  addServerFlags(command.command('revoke'))
    .description('Makes a token void at once; whoever is connected with it is cut off.')
    .argument('<id>', 'as `hearth tokens list` shows it')
    .action(async (id: string, flags: ServerFlags) => {
      const { withClient } = await import('./with-client.ts');
      await withClient(flags, (hearth) => hearth.tokens.revoke(id));
      process.stderr.write(`revoked ${id}\n`);
    });
}

const MAX_LABEL = 100;

async function create(label: string, { expires, json, ...flags }: CreateFlags): Promise<void> {
  if (label.trim() === '' || label.length > MAX_LABEL) {
    throw new HearthError('invalid_request', `The label has to have 1 to ${MAX_LABEL} characters.`, {
      hint: 'Say what the token is for, as in: hearth tokens create "nightly build".',
    });
  }
  const { withClient } = await import('./with-client.ts');
  const expiresAt = expires === undefined ? {} : { expiresAt: expiryOf(expires, Date.now()) };
  const created = await withClient(flags, (hearth) => hearth.tokens.create({ label, ...expiresAt }));
  process.stdout.write(json === true ? `${JSON.stringify(created)}\n` : `${created.token}\n`);
  if (json !== true)
    process.stderr.write(`token ${created.id}, shown only now; revoke it with: hearth tokens revoke ${created.id}\n`);
}

async function list({ json, ...flags }: ListFlags): Promise<void> {
  const { withClient } = await import('./with-client.ts');
  const { items } = await withClient(flags, (hearth) => hearth.tokens.list());
  if (json === true) {
    process.stdout.write(`${JSON.stringify(items)}\n`);
    return;
  }
  const { table } = await import('./table.ts');
  const rows = items.map(({ id, label, createdAt, lastUsedAt, expiresAt }) => [
    id,
    label,
    createdAt.slice(0, 10),
    lastUsedAt?.slice(0, 10) ?? 'never',
    expiresAt?.slice(0, 10) ?? 'never',
  ]);
  process.stdout.write(table(['ID', 'LABEL', 'CREATED', 'LAST USED', 'EXPIRES'], rows));
}

const UNITS_MS: Readonly<Record<string, number>> = { h: 3_600_000, d: 86_400_000 };

/** @throws HearthError `invalid_request` */
export function expiryOf(text: string, nowMs: number): string {
  const [, count, unit] = /^(\d+)([hd])$/.exec(text) ?? [];
  const atMs = count === undefined ? Date.parse(text) : nowMs + Number(count) * (UNITS_MS[unit ?? ''] ?? 0);
  const time = new Date(atMs);
  if (!Number.isNaN(time.getTime())) return time.toISOString();
  throw new HearthError('invalid_request', `--expires ${JSON.stringify(text)} is no time.`, {
    hint: 'Write a date as 2027-01-31, or a time from now as 12h or 30d.',
  });
}
