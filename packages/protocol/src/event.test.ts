import { describe, expect, test } from 'vitest';
import { eventSchema, heartbeatSchema, interruptCauseSchema, phaseSchema } from './index.ts';
import type { EventType } from './index.ts';

const time = '2026-11-21T02:16:17.123Z';
const usage = { inputTokens: 1, outputTokens: 2, cacheReadTokens: 3, cacheCreationTokens: 4 };
const error = { code: 'rate_limited', message: 'Slow down.', hint: 'Wait.', retryable: true, status: 429 };
const session = {
  id: 's',
  agent: 'claude',
  cwd: '/work',
  title: null,
  model: null,
  permissionMode: 'default',
  accountId: null,
  phase: 'idle',
  lastSeq: 1,
  queue: [],
  approvals: [],
  usage: { ...usage, costUsd: 0.5 },
  createdAt: time,
  updatedAt: time,
  archived: false,
  metadata: {},
};

/** For each type: what it carries at least, what it can carry beside that, and shapes that it must not have. */
interface Example {
  least: Record<string, unknown>;
  more?: Record<string, unknown>;
  wrong: Record<string, unknown>[];
}

const EXAMPLES: Record<EventType, Example> = {
  'session.created': { least: { session }, wrong: [{ session: { ...session, phase: 'busy' } }, { session: {} }] },
  'session.updated': {
    least: { changes: {} },
    more: { changes: { title: 'Tea', archived: true, model: 'm', accountId: 'a', agentSessionId: 'x' } },
    wrong: [{ changes: { archived: 'yes' } }, { changes: { permissionMode: 'root' } }, { changes: [] }],
  },
  'session.closed': { least: { reason: 'deleted' }, wrong: [{ reason: 1 }] },
  'session.rewound': {
    least: { toSeq: 0, turns: 1 },
    more: { files: ['/srv/a.txt'] },
    wrong: [{ toSeq: -1 }, { turns: 0 }, { toSeq: undefined }, { files: 'a.txt' }],
  },
  'files.rewound': { least: { toSeq: 4, files: [] }, wrong: [{ toSeq: -1 }, { files: undefined }] },
  'phase.changed': { least: { phase: 'streaming', since: time }, wrong: [{ phase: 'busy' }, { since: 'now' }] },
  'message.queued': {
    least: { messageId: 'm', content: 'hi', priority: 'next', author: 'owner', place: 0 },
    more: { clientMessageId: 'c', content: [{ type: 'text', text: 'hi' }] },
    wrong: [{ place: -1 }, { place: 0.5 }, { priority: 'soon' }, { content: '' }, { author: undefined }],
  },
  'message.updated': {
    least: { messageId: 'm', priority: 'later', place: 2 },
    more: { content: 'other' },
    wrong: [{ priority: undefined }, { place: undefined }],
  },
  'message.delivered': { least: { messageId: 'm', as: 'steer' }, wrong: [{ as: 'shout' }] },
  'message.completed': { least: { messageId: 'm' }, more: { reason: 'r' }, wrong: [{ messageId: 7 }] },
  'message.cancelled': { least: { messageId: 'm' }, more: { reason: 'interrupt' }, wrong: [{ reason: null }] },
  'message.failed': { least: { messageId: 'm' }, more: { error }, wrong: [{ error: { code: 'nope' } }] },
  'turn.started': { least: { messageIds: [] }, more: { messageIds: ['m', 'n'] }, wrong: [{ messageIds: 'm' }] },
  'turn.completed': {
    least: {
      stopReason: 'end_turn',
      usage,
      costUsd: 0.01,
      durationMs: 5,
      context: { usedTokens: 10, maxTokens: 200_000 },
    },
    more: { model: 'claude-sonnet-5' },
    wrong: [{ costUsd: -1 }, { durationMs: 1.5 }, { usage: { ...usage, inputTokens: -1 } }, { context: undefined }],
  },
  'turn.interrupted': {
    least: { by: 'user' },
    more: { by: 'crash', usage, costUsd: 0, model: 'm' },
    wrong: [{ by: 'cat' }, { costUsd: -0.1 }],
  },
  'turn.failed': {
    least: { error: { code: 'agent_crashed', message: 'It died.', retryable: true } },
    more: { error, usage, costUsd: 0.2, model: 'm' },
    wrong: [{ error: { ...error, code: 'odd' } }, { error: { ...error, retryable: undefined } }, { error: 'no' }],
  },
  'block.started': {
    least: { blockId: 'b', kind: 'text' },
    more: { kind: 'thinking', parentToolCallId: 't' },
    wrong: [{ kind: 'image' }],
  },
  'block.delta': { least: { blockId: 'b', offset: 0, text: 'hi' }, wrong: [{ offset: -1 }, { text: undefined }] },
  'block.completed': {
    least: { blockId: 'b', kind: 'text', text: '' },
    more: { partial: true, reason: 'retry', parentToolCallId: 't' },
    wrong: [{ partial: false }, { reason: 'tired' }, { text: undefined }],
  },
  'tool.called': {
    least: { toolCallId: 't', name: 'Bash', input: { command: 'ls' } },
    more: { title: 'List', kind: 'execute', parentToolCallId: 'p' },
    wrong: [{ kind: 'magic' }, { name: undefined }],
  },
  'tool.completed': {
    least: { toolCallId: 't', output: 'done', isError: false },
    more: { structured: { patch: [] } },
    wrong: [{ isError: 'no' }],
  },
  'approval.requested': {
    least: { approvalId: 'a', kind: 'tool', toolName: 'Bash', input: {}, suggestions: [] },
    more: {
      kind: 'question',
      toolCallId: 't',
      title: 'ls',
      expiresAt: time,
      suggestions: [{ type: 'addRules' }],
      questions: [{ question: 'Which?', header: 'H', multiSelect: true, options: [{ label: 'A', description: 'a' }] }],
    },
    wrong: [{ kind: 'wish' }, { suggestions: undefined }, { questions: [{ question: 'Which?' }] }],
  },
  'approval.resolved': {
    least: { approvalId: 'a', decision: 'expired' },
    more: { decision: 'deny', scope: 'session', by: 'owner', message: 'no' },
    wrong: [{ decision: 'maybe' }, { scope: 'always' }],
  },
  'retry.scheduled': {
    least: { attempt: 1, maxAttempts: 10, delayMs: 0, error: { code: 'overloaded' } },
    more: { error: { code: 'overloaded', status: 529 }, accountId: 'a' },
    wrong: [{ attempt: 0 }, { delayMs: -1 }, { error: { code: 'tired' } }],
  },
  'account.selected': { least: { accountId: 'a', label: 'Work', reason: 'least used' }, wrong: [{ label: undefined }] },
  'plan.updated': {
    least: { entries: [] },
    more: { entries: [{ content: 'dig', status: 'in_progress' }] },
    wrong: [{ entries: [{ content: 'dig', status: 'begun' }] }],
  },
  'context.compacted': { least: { trigger: 'auto', preTokens: 150_000 }, wrong: [{ preTokens: -1 }] },
  'background.changed': {
    least: { tasks: [] },
    more: { tasks: [{ taskId: 'x', kind: 'agent', title: 'Look', status: 'running' }] },
    wrong: [{ tasks: [{ taskId: 'x', kind: 'agent', title: 'Look', status: 'lost' }] }],
  },
  'title.updated': { least: { title: 'Tea' }, wrong: [{ title: null }] },
  notice: { least: { level: 'warning', code: 'not_configured', text: 'No.' }, wrong: [{ level: 'loud' }] },
};

const types = eventSchema.options.map((option) => option.shape.type.value);
const examples = Object.entries(EXAMPLES) as [EventType, Example][];

function eventOf(type: string, ...fields: Record<string, unknown>[]): Record<string, unknown> {
  return Object.assign({ sessionId: 's', seq: 42, time, type }, ...fields) as Record<string, unknown>;
}

describe('events', () => {
  test('there is an example for every type', () => {
    expect(Object.keys(EXAMPLES).toSorted()).toEqual(types.toSorted());
  });

  test.each(examples)('%s is taken with the least and with all that it can carry', (type, { least, more = {} }) => {
    const small = eventOf(type, least);
    expect(eventSchema.parse(small)).toEqual(small);
    const large = eventOf(type, { turnId: 'turn' }, least, more);
    expect(eventSchema.parse(large)).toEqual(large);
  });

  test.each(examples)('%s is refused with a wrong field, and without its own', (type, { least, wrong }) => {
    const taken = wrong.filter((fields) => eventSchema.safeParse(eventOf(type, least, fields)).success);
    expect(taken).toEqual([]);
    expect(eventSchema.safeParse(eventOf(type)).success).toBe(false);
  });

  test.each([
    ['no session', { sessionId: undefined }],
    ['a seq below 1', { seq: 0 }],
    ['a seq that is not whole', { seq: 1.5 }],
    ['a time that is none', { time: 'yesterday' }],
    ['an unknown type', { type: 'turn.paused' }],
    ['a turn that is no text', { turnId: 3 }],
  ])('are refused with %s', (_, fields) => {
    expect(eventSchema.safeParse(eventOf('title.updated', { title: 'Tea' }, fields)).success).toBe(false);
  });

  test('[WIRE2] a field of a later version does no harm', () => {
    const event = eventOf('title.updated', { title: 'Tea' });
    expect(eventSchema.parse({ ...event, colour: 'red' })).toEqual(event);
  });

  test('a turn is interrupted by one of four', () => {
    expect(interruptCauseSchema.options).toEqual(['user', 'message', 'shutdown', 'crash']);
  });
});

describe('a heartbeat', () => {
  test('has a phase and how long it lasts, and no seq', () => {
    const heartbeat = { sessionId: 's', phase: 'tool', elapsedMs: 5_000 };
    expect(heartbeatSchema.parse({ ...heartbeat, seq: 1 })).toEqual(heartbeat);
    expect(heartbeatSchema.safeParse({ ...heartbeat, elapsedMs: -1 }).success).toBe(false);
  });

  test('phases are those of the contract', () => {
    expect(phaseSchema.options).toEqual([
      'idle',
      'initializing',
      'connecting',
      'thinking',
      'streaming',
      'tool',
      'awaiting_approval',
      'retrying',
      'interrupting',
      'closed',
    ]);
  });
});
