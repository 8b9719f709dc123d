import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import {
  approvalAnswerSchema,
  contentParts,
  contentSchema,
  contentText,
  eventsQuerySchema,
  IMAGE_MEDIA_TYPES,
  messageSendSchema,
  messageUpdateSchema,
  OPERATIONS,
  paramsSchema,
  pathParameters,
  rpcRequestSchema,
  sessionCreateSchema,
  sessionListQuerySchema,
  sessionUpdateSchema,
  subscribeParamsSchema,
  tokenCreateSchema,
  usageQuerySchema,
} from './index.ts';

const image = { type: 'image', mediaType: 'image/png', data: 'aGk=' };

/** Those of the values that the schema refuses or changes. */
function refused(schema: z.ZodType, ...values: unknown[]): unknown[] {
  return values.filter((value) => !isDeepStrictEqual(schema.safeParse(value).data, value));
}

/** Those of the values that the schema takes. */
function taken(schema: z.ZodType, ...values: unknown[]): unknown[] {
  return values.filter((value) => schema.safeParse(value).success);
}

/** The places that a refusal names. */
function places(schema: z.ZodType, value: unknown): string[] {
  return (schema.safeParse(value).error?.issues ?? []).map(({ path }) => path.join('.'));
}

describe('the content of a message', () => {
  test('is a text, or a list of texts and images', () => {
    expect(
      refused(
        contentSchema,
        'hi',
        ' hi ',
        [{ type: 'text', text: 'hi' }],
        [image],
        [{ type: 'text', text: '' }, image],
      ),
    ).toEqual([]);
    for (const mediaType of IMAGE_MEDIA_TYPES) expect(refused(contentSchema, [{ ...image, mediaType }])).toEqual([]);
  });

  test('is not blank', () => {
    expect(taken(contentSchema, '', ' \n\t', [], [{ type: 'text', text: ' ' }])).toEqual([]);
  });

  test('holds images as base64 of a known type, never as a URL', () => {
    expect(
      taken(
        contentSchema,
        [{ type: 'image', url: 'https://example.com/a.png' }],
        [{ ...image, data: 'not base64!' }],
        [{ ...image, data: '' }],
        [{ ...image, mediaType: 'image/svg+xml' }],
        [{ type: 'file', data: 'aGk=' }],
      ),
    ).toEqual([]);
  });

  test('is nothing else', () => {
    expect(taken(contentSchema, undefined, null, 7, {}, [['hi']], ['hi'])).toEqual([]);
  });

  test('can be had as parts and as text', () => {
    const parts = [{ type: 'text' as const, text: 'a' }, image as never, { type: 'text' as const, text: 'b' }];
    expect(contentParts('a')).toEqual([{ type: 'text', text: 'a' }]);
    expect(contentParts(parts)).toBe(parts);
    expect(contentText('a')).toBe('a');
    expect(contentText(parts)).toBe('a\n\nb');
  });
});

describe('sending a message', () => {
  test('needs content alone', () => {
    expect(
      refused(messageSendSchema, { content: 'hi' }, { content: [image], priority: 'now', clientMessageId: 'k' }),
    ).toEqual([]);
    expect(taken(messageSendSchema, {}, { priority: 'now' })).toEqual([]);
  });

  test('knows three priorities and keys of 1 to 200 characters', () => {
    expect(refused(messageSendSchema, { content: 'hi', priority: 'later', clientMessageId: 'k'.repeat(200) })).toEqual(
      [],
    );
    expect(places(messageSendSchema, { content: 'hi', priority: 'soon' })).toEqual(['priority']);
    expect(places(messageSendSchema, { content: 'hi', clientMessageId: '' })).toEqual(['clientMessageId']);
    expect(places(messageSendSchema, { content: 'hi', clientMessageId: 'k'.repeat(201) })).toEqual(['clientMessageId']);
  });

  test('[WIRE2] a field that this version does not know is left out', () => {
    expect(messageSendSchema.parse({ content: 'hi', colour: 'red' })).toEqual({ content: 'hi' });
  });
});

describe('changing a message', () => {
  test('changes at least one of content, priority and place', () => {
    expect(
      refused(messageUpdateSchema, { content: 'x' }, { priority: 'now' }, { place: 0 }, { content: 'x', place: 3 }),
    ).toEqual([]);
    expect(taken(messageUpdateSchema, {}, { content: undefined }, { colour: 'red' })).toEqual([]);
  });

  test('takes no content that could not be sent, and no place outside a list', () => {
    expect(taken(messageUpdateSchema, { content: ' ' }, { place: -1 }, { place: 1.5 }, { priority: 'soon' })).toEqual(
      [],
    );
  });
});

describe('answering an approval', () => {
  test('allows, denies or answers', () => {
    expect(
      refused(
        approvalAnswerSchema,
        { decision: 'allow' },
        { decision: 'allow', scope: 'session', updatedInput: { command: 'ls' } },
        { decision: 'deny', message: 'not that one' },
        { decision: 'answer', answers: { 'Which db?': 'B', 'Which parts?': ['X', 'Y'] } },
      ),
    ).toEqual([]);
  });

  test('is not expired or cancelled by a client, nor allowed for ever', () => {
    expect(
      taken(
        approvalAnswerSchema,
        {},
        { decision: 'expired' },
        { decision: 'cancelled' },
        { decision: 'allow', scope: 'always' },
        { decision: 'allow', updatedInput: 'ls' },
      ),
    ).toEqual([]);
  });

  test('with answers says them', () => {
    expect(places(approvalAnswerSchema, { decision: 'answer' })).toEqual(['answers']);
    expect(taken(approvalAnswerSchema, { decision: 'answer', answers: { 'Which?': 7 } })).toEqual([]);
  });
});

describe('opening and changing a session', () => {
  test('needs nothing', () => {
    expect(refused(sessionCreateSchema, {})).toEqual([]);
    expect(refused(sessionUpdateSchema, {})).toEqual([]);
  });

  test('takes every field of the contract', () => {
    expect(
      refused(sessionCreateSchema, {
        agent: 'claude',
        cwd: '/work',
        model: 'claude-sonnet-5',
        title: 'Tea',
        permissionMode: 'plan',
        systemPrompt: 'Be brief.',
        mcpServers: { tea: { command: 'tea-server' } },
        allowedTools: ['Read'],
        disallowedTools: ['Bash'],
        maxTurns: 3,
        maxBudgetUsd: 0.5,
        effort: 'high',
        thinkingTokens: 0,
        accountId: 'a',
        metadata: { ticket: 7 },
      }),
    ).toEqual([]);
    expect(
      refused(sessionUpdateSchema, { title: '', archived: true, accountId: null, effort: 'max', metadata: {} }),
    ).toEqual([]);
    expect(refused(sessionUpdateSchema, { approvalTimeoutMs: null }, { approvalTimeoutMs: 1_000 })).toEqual([]);
  });

  test.each([
    [{ agent: '' }, 'agent'],
    [{ cwd: '' }, 'cwd'],
    [{ title: 'x'.repeat(501) }, 'title'],
    [{ permissionMode: 'root' }, 'permissionMode'],
    [{ maxTurns: 0 }, 'maxTurns'],
    [{ approvalTimeoutMs: 999 }, 'approvalTimeoutMs'],
    [{ approvalTimeoutMs: 1e12 }, 'approvalTimeoutMs'],
    [{ maxBudgetUsd: 0 }, 'maxBudgetUsd'],
    [{ effort: 'heroic' }, 'effort'],
    [{ thinkingTokens: -1 }, 'thinkingTokens'],
    [{ mcpServers: { tea: 'tea-server' } }, 'mcpServers.tea'],
    [{ metadata: [] }, 'metadata'],
  ])('refuses %j and names the place', (params, place) => {
    expect(places(sessionCreateSchema, params)).toEqual([place]);
  });

  test('what a session is cannot be changed into another', () => {
    expect(sessionUpdateSchema.parse({ id: 'x', agent: 'scripted', cwd: '/', phase: 'idle' })).toEqual({});
  });
});

describe('queries', () => {
  test('take numbers, and nothing that could be read as one', () => {
    expect(refused(sessionListQuerySchema, { limit: 200, status: 'waiting' })).toEqual([]);
    expect(refused(eventsQuerySchema, { after: -1, limit: 10_000 })).toEqual([]);
    expect(taken(sessionListQuerySchema, { limit: '1' }, { limit: true }, { limit: [3] }, { limit: null })).toEqual([]);
  });

  test('keep to their limits', () => {
    expect(taken(sessionListQuerySchema, { limit: 0 }, { limit: 201 }, { status: 'busy' })).toEqual([]);
    expect(taken(eventsQuerySchema, { after: -2 }, { after: 1.5 }, { limit: 10_001 })).toEqual([]);
  });

  test('take a period as dates or times', () => {
    expect(
      refused(usageQuerySchema, {}, { groupBy: 'model', from: '2026-11-01', to: '2026-11-21T10:00:00+02:00' }),
    ).toEqual([]);
    expect(taken(usageQuerySchema, { groupBy: 'week' }, { from: 'yesterday' }, { to: '2026-11-31' })).toEqual([]);
  });
});

describe('a subscription, a token', () => {
  test('begins after any seq, or live', () => {
    expect(
      refused(subscribeParamsSchema, { sessionId: 's' }, { sessionId: 's', after: -1 }, { sessionId: 's', after: 7 }),
    ).toEqual([]);
    expect(taken(subscribeParamsSchema, {}, { sessionId: 's', after: -2 }, { sessionId: 's', after: '7' })).toEqual([]);
  });

  test('has a label', () => {
    expect(refused(tokenCreateSchema, { label: 'ci' }, { label: 'ci', expiresAt: '2027-01-31T00:00:00Z' })).toEqual([]);
    expect(
      taken(tokenCreateSchema, {}, { label: '' }, { label: 'x'.repeat(101) }, { label: 'ci', expiresAt: 'soon' }),
    ).toEqual([]);
  });
});

describe('operations', () => {
  test('are named by their key, and no two share a call', () => {
    for (const [key, { name }] of Object.entries(OPERATIONS)) expect(name).toBe(key);
    const calls = Object.values(OPERATIONS).map(({ method, path }) => `${method} ${path}`);
    expect(new Set(calls).size).toBe(calls.length);
  });

  test('take path parameters, query and body as one object over JSON-RPC', () => {
    expect(pathParameters(OPERATIONS['message.update'])).toEqual(['sessionId', 'messageId']);
    const schema = paramsSchema(OPERATIONS['message.update']);
    expect(refused(schema, { sessionId: 's', messageId: 'm', priority: 'now' })).toEqual([]);
    expect(
      taken(schema, { sessionId: 's', priority: 'now' }, { sessionId: 's', messageId: 'm' }, 'text', undefined),
    ).toEqual([]);
    expect(refused(paramsSchema(OPERATIONS['message.list']), { sessionId: 's', limit: 5 })).toEqual([]);
    expect(refused(paramsSchema(OPERATIONS['agent.list']), {})).toEqual([]);
  });

  test('are asked for by JSON-RPC 2.0', () => {
    expect(
      refused(
        rpcRequestSchema,
        { jsonrpc: '2.0', id: 1, method: 'ping' },
        { jsonrpc: '2.0', id: 'a', method: 'ping', params: {} },
        { jsonrpc: '2.0', method: 'ping' },
      ),
    ).toEqual([]);
    expect(
      taken(
        rpcRequestSchema,
        { id: 1, method: 'ping' },
        { jsonrpc: '2.0', id: 1 },
        { jsonrpc: '2.0', id: {}, method: 'x' },
      ),
    ).toEqual([]);
  });
});
