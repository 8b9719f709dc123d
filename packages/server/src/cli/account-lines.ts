import type { Account } from '@hearth/protocol';
import { oneLine } from './plain.ts';
import { table } from './table.ts';

const MAX_LINE = 300;

/** The accounts under a head, in the order in which they are used. */
export function accountTable(accounts: readonly Account[]): string {
  const rows = accounts.map((account) => [
    account.id,
    account.label,
    account.kind.replace('_', '-'),
    standing(account),
    String(account.priority),
    fullest(account),
    account.lastUsedAt?.slice(0, 16).replace('T', ' ') ?? 'never',
  ]);
  return table(['ID', 'LABEL', 'KIND', 'STATE', 'PRIORITY', 'USED', 'LAST USED'], rows);
}

/** All about one account; ends with a line feed. */
export function accountLines(account: Account): string {
  const { cooldown, problem } = account;
  const lines: [string, string | undefined][] = [
    ['id', account.id],
    ['label', account.label],
    ['agent', account.agent],
    ['kind', account.kind.replace('_', '-')],
    ['state', standing(account)],
    ['problem', problem === undefined ? undefined : `${problem.message} (${problem.code}, since ${problem.since})`],
    [
      'waits',
      cooldown === undefined ? undefined : [cooldown.code, cooldown.window, cooldown.model].filter(Boolean).join(', '),
    ],
    ['priority', String(account.priority)],
    ['models', account.models === null ? 'all' : account.models.join(', ')],
    ['base url', account.baseUrl],
    ['expires', expiry(account)],
    ...account.windows.map((window): [string, string] => ['limit', windowLine(window)]),
    ['last used', account.lastUsedAt ?? 'never'],
    ['created', account.createdAt],
    ['changed', account.updatedAt],
  ];
  return lines
    .filter((line): line is [string, string] => line[1] !== undefined)
    .map(([name, value]) => `${name.padEnd(10)} ${oneLine(value, MAX_LINE)}\n`)
    .join('');
}

/** The state, and until when. */
export function standing({ state, cooldown }: Account): string {
  if (state !== 'cooling' || cooldown === undefined) return state;
  return `cooling until ${cooldown.until.slice(0, 16).replace('T', ' ')}Z`;
}

function expiry({ kind, expiresAt, refreshable }: Account): string | undefined {
  if (kind !== 'oauth') return undefined;
  const renewal = refreshable === true ? 'is renewed' : 'cannot be renewed';
  return expiresAt === undefined ? `not known; ${renewal}` : `${expiresAt}; ${renewal}`;
}

function windowLine({ name, utilization, resetsAt, model }: Account['windows'][number]): string {
  const of = model === undefined ? name : `${name} of ${model}`;
  const resets = resetsAt === undefined ? '' : `, resets ${resetsAt}`;
  return `${of}: ${percent(utilization)} used${resets}`;
}

function fullest({ windows }: Account): string {
  return windows.length === 0 ? '' : percent(Math.max(...windows.map(({ utilization }) => utilization)));
}

function percent(share: number): string {
  return `${Math.round(share * 100)}%`;
}
