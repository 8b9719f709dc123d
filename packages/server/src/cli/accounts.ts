import { Option } from 'commander';
import type { Command } from 'commander';
import type { Hearth } from '@hearth/client';
import type { Account, AccountCreate, AccountUpdate } from '@hearth/protocol';
import { HearthError } from '@hearth/protocol/errors';
import { KIND_NAMES } from './account-secrets.ts';
import type { KindName } from './account-secrets.ts';
import { addServerFlags } from './server-flags.ts';
import type { ServerFlags } from './server-flags.ts';

interface SettingFlags {
  label?: string;
  priority?: string;
  models?: string;
  baseUrl?: string;
}

interface AddFlags extends ServerFlags, SettingFlags {
  agent: 'claude';
  kind?: KindName;
  expires?: string;
  fromEnv?: true;
  disabled?: true;
  json?: true;
}

interface SetFlags extends ServerFlags, SettingFlags {
  enable?: true;
  disable?: true;
  newSecret?: true;
  json?: true;
}

const ADD_HELP = `
The secrets are asked for without being shown; from a pipe they are read one on each line. They are never arguments, which
others on the machine could see.

  hearth accounts add                                     an API key
  hearth accounts add --kind oauth                        a token that claude setup-token printed
  pass show gateway | hearth accounts add --kind gateway --base-url https://gateway.example
  hearth accounts add --from-env                          what the environment has for Claude Code`;

export function define(command: Command): void {
  command.description(
    'Manages the accounts with which agents reach their model APIs. The server’s owner alone may change them.',
  );
  addSettingFlags(addServerFlags(command.command('add')))
    .description('Adds an account, sealed; its secrets never come out again.')
    .addOption(new Option('--agent <agent>', 'whose account it is').choices(['claude']).default('claude'))
    .addOption(new Option('--kind <kind>', 'what it is; default: api-key').choices(KIND_NAMES))
    .option('--expires <when>', 'when an access token ends: a date, or a time from now (8h, 365d)')
    .option('--from-env', 'import what the environment has, instead of asking')
    .option('--disabled', 'do not use it yet')
    .option('--json', 'print it as JSON')
    .addHelpText('after', ADD_HELP)
    .action(async (flags: AddFlags) => add(flags));
  addServerFlags(command.command('list'))
    .description('Lists the accounts in the order in which they are used, and how they are doing.')
    .option('--json', 'as JSON')
    .action(async (flags: ServerFlags & { json?: true }) => list(flags));
  addServerFlags(command.command('show'))
    .description('Shows all about an account but its secrets.')
    .argument('<account>', 'its id or its label')
    .option('--json', 'as JSON')
    .action(async (account: string, flags: ServerFlags & { json?: true }) =>
      tellOne(flags, flags.json, (hearth) => find(hearth, account)),
    );
  addSettingFlags(addServerFlags(command.command('set')))
    .description('Changes an account.')
    .argument('<account>', 'its id or its label')
    .option('--enable', 'use it')
    .option('--disable', 'do not use it')
    .option('--new-secret', 'ask for new secrets, which replace all that it had')
    .option('--json', 'print it as JSON')
    .action(async (account: string, flags: SetFlags) => change(account, flags));
  addServerFlags(command.command('rm'))
    .description('Removes accounts with their secrets.')
    .argument('<accounts...>', 'their ids or labels')
    .option('-y, --yes', 'do not ask')
    .action(async (accounts: string[], flags: ServerFlags & { yes?: true }) => remove(accounts, flags));
  addServerFlags(command.command('reset'))
    .description('Tries an account again at once, whatever stood in the way.')
    .argument('<account>', 'its id or its label')
    .action(async (account: string, flags: ServerFlags) =>
      tellOne(flags, undefined, async (hearth) => hearth.accounts.reset((await find(hearth, account)).id)),
    );
  addServerFlags(command.command('export'))
    .description('Saves all accounts with their secrets, sealed with a passphrase (asked for, or HEARTH_PASSPHRASE).')
    .argument('<file>', 'is readable by its user alone')
    .option('--force', 'replace the file when it exists')
    .action(async (file: string, flags: ServerFlags & { force?: true }) => exportTo(file, flags));
  addServerFlags(command.command('import'))
    .description('Adds the accounts of an export. Of one that is there already the newer one stays.')
    .argument('<file>', 'that hearth accounts export made')
    .action(async (file: string, flags: ServerFlags) => importFrom(file, flags));
  addServerFlags(command.command('rotate-key'))
    .description('Seals all accounts with a new key.')
    .action(async (flags: ServerFlags) => rotateKey(flags));
}

function addSettingFlags(command: Command): Command {
  return command
    .option('--label <text>', 'what you call it')
    .option('--priority <number>', '0 to 1000; smaller ones are used first; default: 100')
    .option('--models <list>', 'models that it is for, with commas; a name may end in *; all: every one')
    .option('--base-url <url>', 'where its model API is');
}

async function add({
  json,
  fromEnv,
  kind = fromEnv === true ? undefined : 'api-key',
  ...flags
}: AddFlags): Promise<void> {
  const [{ accountsOfEnvironment, askSecrets, kindOf }, { withSecretInput }, { withClient }] = await Promise.all([
    import('./account-secrets.ts'),
    import('./ask-secret.ts'),
    import('./with-client.ts'),
  ]);
  const settings = { agent: flags.agent, ...settingsOf(flags), ...(flags.disabled === true ? { enabled: false } : {}) };
  const wanted = kind === undefined ? undefined : kindOf(kind);
  if (wanted === 'gateway' && fromEnv !== true && flags.baseUrl === undefined) {
    throw new HearthError('invalid_request', 'A gateway needs its address.', { hint: 'Give it with --base-url.' });
  }
  const expiresAt = flags.expires === undefined ? {} : { expiresAt: await expiry(flags.expires) };
  await withClient(flags, async (hearth) => {
    const accounts =
      fromEnv === true
        ? accountsOfEnvironment(process.env, wanted)
        : // The server’s schema takes apart what belongs to which kind.
          [
            {
              kind: wanted,
              ...(await withSecretInput((input) => askSecrets(input, wanted ?? 'api_key'))),
            } as AccountCreate,
          ];
    for (const account of accounts) {
      const own = account.kind === 'oauth' ? expiresAt : {};
      await tell(await hearth.accounts.create({ ...account, ...settings, ...own }), json);
    }
  });
}

async function list({ json, ...flags }: ServerFlags & { json?: true }): Promise<void> {
  const { withClient } = await import('./with-client.ts');
  const accounts = await withClient(flags, (hearth) => hearth.accounts.list());
  const { accountTable } = await import('./account-lines.ts');
  process.stdout.write(json === true ? `${JSON.stringify(accounts)}\n` : accountTable(accounts));
}

async function change(name: string, { json, enable, disable, newSecret, ...flags }: SetFlags): Promise<void> {
  if (enable === true && disable === true) {
    throw new HearthError('invalid_request', '--enable and --disable contradict each other.', { hint: 'Give one.' });
  }
  const settings: AccountUpdate = {
    ...settingsOf(flags),
    ...(enable === true || disable === true ? { enabled: enable === true } : {}),
  };
  if (Object.keys(settings).length === 0 && newSecret !== true) {
    throw new HearthError('invalid_request', 'There is nothing to change.', {
      hint: 'hearth accounts set --help shows what can be.',
    });
  }
  const [{ askSecrets }, { withSecretInput }] = await Promise.all([
    import('./account-secrets.ts'),
    import('./ask-secret.ts'),
  ]);
  await tellOne(flags, json, async (hearth) => {
    const { id, kind } = await find(hearth, name);
    const secrets = newSecret === true ? await withSecretInput((input) => askSecrets(input, kind)) : {};
    return await hearth.accounts.update(id, { ...settings, ...secrets });
  });
}

async function remove(names: readonly string[], { yes, ...flags }: ServerFlags & { yes?: true }): Promise<void> {
  const { withClient } = await import('./with-client.ts');
  await withClient(flags, async (hearth) => {
    const accounts: Account[] = [];
    for (const name of names) accounts.push(await find(hearth, name));
    if (yes !== true) {
      const { confirmRemoval } = await import('./confirm-removal.ts');
      await confirmRemoval(accounts.map(({ label }) => label));
    }
    for (const { id, label } of accounts) {
      await hearth.accounts.delete(id);
      process.stderr.write(`removed ${id} (${label})\n`);
    }
  });
}

async function exportTo(file: string, { force, ...flags }: ServerFlags & { force?: true }): Promise<void> {
  const [{ writeExport }, { passphrase, withSecretInput }, { withClient }] = await fileParts();
  const data = await withClient(flags, async (hearth) => {
    await hearth.ready();
    const words = await withSecretInput((input) => passphrase(input, true));
    return await hearth.accounts.export(words);
  });
  await writeExport(file, data, force === true);
  process.stderr.write(`saved all accounts in ${file}; it opens with the passphrase alone\n`);
}

async function importFrom(file: string, flags: ServerFlags): Promise<void> {
  const [{ readExport }, { passphrase, withSecretInput }, { withClient }] = await fileParts();
  const data = await readExport(file);
  const accounts = await withClient(flags, async (hearth) => {
    await hearth.ready();
    const words = await withSecretInput((input) => passphrase(input, false));
    return await hearth.accounts.import({ passphrase: words, data });
  });
  const { accountTable } = await import('./account-lines.ts');
  process.stdout.write(accountTable(accounts));
}

async function rotateKey(flags: ServerFlags): Promise<void> {
  const { withClient } = await import('./with-client.ts');
  const count = await withClient(flags, (hearth) => hearth.accounts.rotateKey());
  process.stderr.write(`sealed ${count} ${count === 1 ? 'account' : 'accounts'} with the new key\n`);
}

async function tellOne(
  flags: ServerFlags,
  json: true | undefined,
  work: (hearth: Hearth) => Promise<Account>,
): Promise<void> {
  const { withClient } = await import('./with-client.ts');
  await tell(await withClient(flags, work), json);
}

async function tell(account: Account, json: true | undefined): Promise<void> {
  const { accountLines } = await import('./account-lines.ts');
  process.stdout.write(json === true ? `${JSON.stringify(account)}\n` : accountLines(account));
}

/** By its id, else by its label. */
async function find(hearth: Hearth, name: string): Promise<Account> {
  const accounts = await hearth.accounts.list();
  const byId = accounts.find(({ id }) => id === name);
  const [found, other] = byId === undefined ? accounts.filter(({ label }) => label === name) : [byId];
  if (found === undefined) {
    throw new HearthError('not_found', `There is no account ${JSON.stringify(name)}.`, {
      hint: 'hearth accounts list shows them.',
    });
  }
  if (other === undefined) return found;
  throw new HearthError('invalid_request', `Several accounts are called ${JSON.stringify(name)}.`, {
    hint: 'Name it by its id: hearth accounts list.',
  });
}

function settingsOf({ label, priority, models, baseUrl }: SettingFlags) {
  return {
    ...(label === undefined ? {} : { label }),
    ...(priority === undefined ? {} : { priority: priorityOf(priority) }),
    ...(models === undefined ? {} : { models: modelsOf(models) }),
    ...(baseUrl === undefined ? {} : { baseUrl }),
  };
}

function priorityOf(text: string): number {
  if (/^\d{1,4}$/.test(text) && Number(text) <= 1000) return Number(text);
  throw new HearthError('invalid_request', `--priority ${JSON.stringify(text)} is no whole number from 0 to 1000.`, {
    hint: 'Smaller numbers are used first.',
  });
}

function modelsOf(text: string): string[] | null {
  if (text === 'all') return null;
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

async function expiry(text: string): Promise<string> {
  const { expiryOf } = await import('./tokens.ts');
  return expiryOf(text, Date.now());
}

function fileParts() {
  return Promise.all([import('./account-file.ts'), import('./ask-secret.ts'), import('./with-client.ts')]);
}
