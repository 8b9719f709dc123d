import type { Session } from '@hearth/protocol';
import { describeApproval, money } from './describe.ts';
import { oneLine } from './plain.ts';

const STEPS: readonly [string, number][] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
];

/** `3 h ago`. */
export function ago(thenMs: number, nowMs: number): string {
  const ms = nowMs - thenMs;
  const step = STEPS.find(([, length]) => ms >= length);
  return step === undefined ? 'now' : `${Math.floor(ms / step[1])} ${step[0]} ago`;
}

/** What a session is doing, in a word. */
export function stateOf({ phase, archived, queue }: Session): string {
  if (archived) return 'archived';
  const waiting = queue.length === 0 ? '' : ` +${queue.length}`;
  return `${phase.replaceAll('_', ' ')}${waiting}`;
}

/** A session, a fact per line. */
export function sessionLines(session: Session, nowMs: number): string[] {
  const { usage } = session;
  const facts: [string, string][] = [
    ['id', session.id],
    ['title', session.title ?? '(none)'],
    ['state', stateOf(session)],
    ['agent', session.model === null ? session.agent : `${session.agent}, ${session.model}`],
    ['directory', session.cwd],
    ['permissions', session.permissionMode],
    [
      'cost',
      `${money(usage.costUsd)} (${usage.inputTokens} in, ${usage.outputTokens} out, ${usage.cacheReadTokens} from cache)`,
    ],
    ['created', session.createdAt],
    ['updated', `${session.updatedAt} (${ago(Date.parse(session.updatedAt), nowMs)})`],
    ['last event', String(session.lastSeq)],
    ...session.queue.map((message): [string, string] => [`queued (${message.priority})`, textOf(message.content)]),
    ...session.approvals.map((approval): [string, string] => ['waits for', describeApproval(approval)]),
  ];
  const width = Math.max(...facts.map(([name]) => name.length));
  return facts.map(([name, value]) => `${name.padEnd(width)}  ${oneLine(value, 400)}`);
}

function textOf(content: Session['queue'][number]['content']): string {
  if (typeof content === 'string') return content;
  return content.map((part) => (part.type === 'text' ? part.text : `[${part.mediaType}]`)).join(' ');
}
