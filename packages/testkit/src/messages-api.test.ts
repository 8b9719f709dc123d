import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { startMessagesApi, type MessagesApi } from './messages-api.ts';
import { isObject } from './invalid-request.ts';
import { reply } from './reply.ts';

let api: MessagesApi;
beforeEach(async () => {
  api = await startMessagesApi();
});
afterEach(async () => {
  await api.close();
});

type Body = Readonly<Record<string, unknown>>;
interface SseEvent {
  type: string;
  data: Body;
}

const HEADERS = { 'content-type': 'application/json', 'x-api-key': 'made-up', 'anthropic-version': '2023-06-01' };
const say = (content: unknown): Body => ({
  model: 'claude-sonnet-4-5',
  max_tokens: 100,
  messages: [{ role: 'user', content }],
});

function post(body: unknown, init: { headers?: Record<string, string>; signal?: AbortSignal; path?: string } = {}) {
  const { headers = HEADERS, signal, path = '/v1/messages' } = init;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return fetch(api.url + path, { method: 'POST', headers, body: text, ...(signal === undefined ? {} : { signal }) });
}

function asBody(value: unknown): Body {
  if (!isObject(value)) throw new Error(`not an object: ${JSON.stringify(value)}`);
  return value;
}

function asList(value: unknown): Body[] {
  if (!Array.isArray(value)) throw new Error(`not a list: ${JSON.stringify(value)}`);
  return value.map(asBody);
}

function textOf(event: SseEvent): string {
  const { delta } = event.data;
  return isObject(delta) && typeof delta['text'] === 'string' ? delta['text'] : '';
}

function numbersOf(body: Body): Record<string, number> {
  return Object.fromEntries(Object.entries(body).map(([name, value]) => [name, Number(value)]));
}

async function json(response: Response): Promise<Body> {
  return asBody(await response.json());
}

async function plain(body: Body): Promise<Body> {
  return json(await post(body));
}

function parseSse(text: string): SseEvent[] {
  return text
    .split('\n\n')
    .filter((frame) => frame !== '')
    .map((frame) => {
      const [event = '', data = ''] = frame.split('\n');
      return { type: event.slice('event: '.length), data: asBody(JSON.parse(data.slice('data: '.length))) };
    });
}

async function stream(body: Body): Promise<SseEvent[]> {
  const response = await post({ ...body, stream: true });
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  return parseSse(await response.text());
}

function errorOf(body: Body): { type: string; message: string } {
  expect(body['type']).toBe('error');
  const { type, message } = asBody(body['error']);
  return { type: String(type), message: String(message) };
}

describe('a streamed answer', () => {
  test('has the events of the real API in their order', async () => {
    const events = await stream(say('[[think hm]] [[say one two]] [[tool Bash {"command":"ls"}]]'));
    expect(events.map((event) => event.type)).toEqual([
      'message_start',
      'content_block_start',
      'ping',
      'content_block_delta',
      'content_block_delta',
      'content_block_stop',
      'content_block_start',
      'content_block_delta',
      'content_block_delta',
      'content_block_stop',
      'content_block_start',
      'content_block_delta',
      'content_block_delta',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ]);
    expect(events.every((event) => event.data['type'] === event.type)).toBe(true);
    const deltas = events.flatMap((event) =>
      event.type === 'content_block_delta' ? [asBody(event.data['delta'])] : [],
    );
    expect(deltas.map((delta) => delta['type'])).toEqual([
      'thinking_delta',
      'signature_delta',
      'text_delta',
      'text_delta',
      'input_json_delta',
      'input_json_delta',
      'input_json_delta',
    ]);
    expect(
      JSON.parse(
        deltas.map((delta) => (typeof delta['partial_json'] === 'string' ? delta['partial_json'] : '')).join(''),
      ),
    ).toEqual({ command: 'ls' });
    expect(events.at(-2)?.data).toMatchObject({ delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 5 } });
  });

  test('of many tokens has as many deltas', async () => {
    const events = await stream(say('[[tokens 20000 0]]'));
    const deltas = events.filter((event) => event.type === 'content_block_delta');
    expect(deltas).toHaveLength(20_000);
    expect(deltas.at(-1)?.data['delta']).toEqual({ type: 'text_delta', text: 'w19999 ' });
  });

  test('that is cut breaks the connection after its deltas, once', async () => {
    const body = { ...say('[[tokens 9 0]] [[cut 3]]'), stream: true };
    let text = '';
    api.setBeforeCut(async () =>
      vi.waitFor(() => expect(parseSse(text).filter(({ type }) => type === 'content_block_delta')).toHaveLength(3), {
        timeout: 30_000,
      }),
    );
    const torn = await post(body);
    const reader = torn.body!.getReader();
    const read = async () => {
      for (let part = await reader.read(); !part.done; part = await reader.read())
        text += Buffer.from(part.value).toString();
    };
    await expect(read()).rejects.toThrow('terminated');
    expect(parseSse(text).filter((event) => event.type === 'content_block_delta')).toHaveLength(3);
    expect(api.requests[0]?.outcome).toEqual({ type: 'cut', deltas: 3 });
    const whole = parseSse(await (await post(body)).text());
    expect(whole.filter((event) => event.type === 'content_block_delta')).toHaveLength(9);
    expect(api.requests[1]).toMatchObject({ attempt: 1, outcome: { type: 'answered' } });
  });

  test('stops when the client goes away, and the log says so', async () => {
    const abort = new AbortController();
    const response = await post({ ...say('[[say before]] [[stall]] [[say after]]'), stream: true }, abort);
    const first = await response.body!.getReader().read();
    expect(Buffer.from(first.value ?? '').toString()).toContain('message_start');
    abort.abort();
    const gone = await api.waitForRequest((request) => request.outcome.type === 'aborted');
    expect(gone.outcome).toEqual({ type: 'aborted', deltas: 1 });
  });

  test('that hangs is aborted before its first byte', async () => {
    const abort = new AbortController();
    const hanging = post(say('[[hang]]'), abort);
    await api.waitForRequest();
    abort.abort();
    await expect(hanging).rejects.toThrow('aborted');
    const gone = await api.waitForRequest((request) => request.outcome.type !== 'pending');
    expect(gone.outcome).toEqual({ type: 'aborted', deltas: 0 });
  });

  test('with pauses arrives whole', async () => {
    const events = await stream(say('[[hang 5]] [[say a]] [[stall 5]] [[tokens 2 5]]'));
    const text = events.map((event) => textOf(event)).join('');
    expect(text).toBe('a w0 w1 ');
  });
});

describe('a plain answer', () => {
  test('is one message', async () => {
    expect(await plain(say('[[think hm]] [[say hi]] [[tool A {"x":[1]}]] [[tool B]]'))).toMatchObject({
      type: 'message',
      role: 'assistant',
      model: 'claude-sonnet-4-5',
      content: [
        { type: 'thinking', thinking: 'hm', signature: expect.stringMatching(/.+/) },
        { type: 'text', text: 'hi' },
        { type: 'tool_use', id: expect.stringMatching(/^toolu_/), name: 'A', input: { x: [1] } },
        { type: 'tool_use', id: expect.stringMatching(/^toolu_/), name: 'B', input: {} },
      ],
      stop_reason: 'tool_use',
    });
  });

  test('echoes a prompt with an image, and says what image it was', async () => {
    const data = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(115)]).toString('base64');
    const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data } };
    const message = await plain(say([{ type: 'text', text: 'look' }, image]));
    expect(message['content']).toEqual([{ type: 'text', text: 'echo: look [image image/png 123 bytes]' }]);
  });

  test('goes on after tool results', async () => {
    const first = await plain(say('[[tool A]] [[tool B]]'));
    const calls = asList(first['content']);
    const results = calls.map((call, index) => ({
      type: 'tool_result',
      tool_use_id: call['id'],
      content: `r${index}`,
    }));
    const asked = asList(say('[[tool A]] [[tool B]]')['messages']);
    const messages = [...asked, { role: 'assistant', content: calls }, { role: 'user', content: results }];
    expect(await plain({ ...say(''), messages })).toMatchObject({
      content: [{ type: 'text', text: 'tool said: r0\nr1' }],
      stop_reason: 'end_turn',
    });
  });
});

describe('errors by directive', () => {
  test.each([
    [400, 'invalid_request_error'],
    [401, 'authentication_error'],
    [403, 'permission_error'],
    [413, 'request_too_large'],
    [429, 'rate_limit_error'],
    [500, 'api_error'],
    [529, 'overloaded_error'],
  ])('%i is a real %s', async (status, type) => {
    const response = await post(say(`[[status ${status}]]`));
    expect(response.status).toBe(status);
    expect(errorOf(await json(response)).type).toBe(type);
    expect(response.headers.get('retry-after')).toBe(status === 429 ? '1' : null);
    expect(response.headers.get('request-id')).toMatch(/^req_/);
    expect(api.requests[0]?.outcome).toMatchObject({ type: 'failed', status, errorType: type });
  });

  test('fail as often as they say for one prompt, and anew for the same prompt later or in another session', async () => {
    const body = say('[[status 529 2]] [[say ok]]');
    const statuses = async (body: Body, times: number, headers: Record<string, string> = HEADERS) => {
      const seen = [];
      for (let n = 0; n < times; n += 1) seen.push((await post(body, { headers })).status);
      return seen;
    };
    expect(await statuses(body, 4)).toEqual([529, 529, 200, 200]);
    const asked = asList(body['messages']);
    const later = { ...body, messages: [...asked, { role: 'assistant', content: 'ok' }, ...asked] };
    expect(await statuses(later, 3)).toEqual([529, 529, 200]);
    expect(await statuses(body, 3, { ...HEADERS, 'x-claude-code-session-id': 'other' })).toEqual([529, 529, 200]);
  });

  test('are not used up by a client that tries whether a beta was at fault', async () => {
    const body = say('[[status 400]] [[say ok]]');
    const withBeta = (beta: string) => post(body, { headers: { ...HEADERS, 'anthropic-beta': beta } });
    expect((await withBeta('one,two')).status).toBe(400);
    expect((await withBeta('one')).status).toBe(400);
    expect((await withBeta('one')).status).toBe(200);
  });

  test('of a failed prompt do not come back when the next prompt is joined to it', async () => {
    const failed = { type: 'text', text: '[[status 400 99]]' };
    expect((await post(say([failed]))).status).toBe(400);
    const message = await plain(say([failed, { type: 'text', text: 'and now?' }]));
    expect(message['content']).toEqual([{ type: 'text', text: 'echo: and now?' }]);
  });
});

describe('requests that the real API refuses', () => {
  const tool = { type: 'tool_use', id: 'toolu_1', name: 'A', input: {} };
  const result = { type: 'tool_result', tool_use_id: 'toolu_1', content: 'x' };
  const turns = (...messages: unknown[]): Body => ({ ...say('x'), messages });
  const user = (content: unknown) => ({ role: 'user', content });
  const assistant = (content: unknown) => ({ role: 'assistant', content });

  test.each<[string, unknown, number, string]>([
    ['broken JSON', '{', 400, 'The request body is not valid JSON'],
    ['no object', '[]', 400, 'not valid JSON'],
    ['no model', { ...say('x'), model: undefined }, 400, 'model: Field required'],
    ['a foreign model', { ...say('x'), model: 'gpt-9' }, 404, 'model: gpt-9'],
    ['no max_tokens', { ...say('x'), max_tokens: undefined }, 400, 'max_tokens: Field required'],
    ['no messages', { ...say('x'), messages: undefined }, 400, 'messages: Field required'],
    ['an empty list', turns(), 400, 'at least one message'],
    ['a strange role', turns({ role: 'robot', content: 'x' }), 400, "'user' or 'assistant'"],
    ['an assistant first', turns(assistant('x')), 400, 'first message must use the "user" role'],
    ['empty content', say(''), 400, 'user messages must have non-empty content'],
    ['an empty text block', say([{ type: 'text', text: '' }]), 400, 'must be non-empty'],
    ['a blank text block', say([{ type: 'text', text: ' \n' }]), 400, 'non-whitespace'],
    ['a call without result', turns(user('a'), assistant([tool]), user('b')), 400, 'without `tool_result` blocks'],
    ['a result without call', turns(user([result])), 400, 'unexpected `tool_use_id`'],
    [
      'a late result',
      turns(user('a'), assistant([tool]), user([result]), assistant('b'), user([result])),
      400,
      'unexpected',
    ],
    ['two results for a call', turns(user('a'), assistant([tool]), user([result, result])), 400, 'single result'],
    ['a repeated call id', turns(user('a'), assistant([tool, tool]), user([result])), 400, 'ids must be unique'],
    ['equal tool names', { ...say('x'), tools: [{ name: 'A' }, { name: 'A' }] }, 400, 'Tool names must be unique'],
    ['a small thinking budget', { ...say('x'), thinking: { type: 'enabled', budget_tokens: 5 } }, 400, '1024'],
    [
      'a thinking budget over max_tokens',
      { ...say('x'), thinking: { type: 'enabled', budget_tokens: 2000 } },
      400,
      '`max_tokens` must be greater',
    ],
    [
      'an image of the wrong type',
      say([{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: '/9j/4AAQ' } }]),
      400,
      'appears to be a image/jpeg image',
    ],
    [
      'an image of an unknown type',
      say([{ type: 'image', source: { type: 'base64', media_type: 'image/bmp', data: 'AAAA' } }]),
      400,
      'media_type',
    ],
    [
      'an image that is not base64',
      say([{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: '!!' } }]),
      400,
      'valid base64',
    ],
    [
      'too many cache breakpoints',
      say(Array.from({ length: 5 }, () => ({ type: 'text', text: 'x', cache_control: { type: 'ephemeral' } }))),
      400,
      'maximum of 4 blocks',
    ],
  ])('%s', async (_name, body, status, words) => {
    const response = await post(body);
    expect(response.status).toBe(status);
    const error = errorOf(await json(response));
    expect(error.type).toBe(status === 404 ? 'not_found_error' : 'invalid_request_error');
    expect(error.message).toContain(words);
    expect(api.requests[0]?.outcome).toMatchObject({ type: 'failed', status });
  });

  test('a request without a key, or without a version', async () => {
    const { 'x-api-key': _key, ...keyless } = HEADERS;
    const { 'anthropic-version': _version, ...versionless } = HEADERS;
    expect((await post(say('x'), { headers: keyless })).status).toBe(401);
    expect((await post(say('x'), { headers: versionless })).status).toBe(400);
    expect((await post(say('x'), { headers: { ...keyless, authorization: 'Bearer token' } })).status).toBe(200);
    expect(api.requests.map((request) => request.apiKey)).toEqual([undefined, 'made-up', 'token']);
  });

  test('a body that is too large', async () => {
    const response = await post(say('x'.repeat(32 * 1024 * 1024)));
    expect(response.status).toBe(413);
    expect(errorOf(await json(response)).type).toBe('request_too_large');
  });

  test('an unknown path, which is no reason to stop serving', async () => {
    expect((await post({}, { path: '/v1/nothing' })).status).toBe(404);
    expect((await post(say('x'))).status).toBe(200);
  });
});

describe('a script by code', () => {
  test('comes before the directives, and leaves to them what it does not answer', async () => {
    api.setScript((request) =>
      request.lastUserText === 'secret' ? reply().text('by code').stops('max_tokens') : undefined,
    );
    expect(await plain(say('secret'))).toMatchObject({ content: [{ text: 'by code' }], stop_reason: 'max_tokens' });
    expect(await plain(say('other'))).toMatchObject({ content: [{ text: 'echo: other' }] });
  });

  test('may fail with own words and headers every time', async () => {
    const headers = { 'retry-after': '7', 'anthropic-ratelimit-unified-status': 'rejected' };
    api.setScript(() => reply().status(429, { message: 'spent', headers }));
    for (let n = 0; n < 3; n += 1) {
      const response = await post(say('x'));
      expect(response.status).toBe(429);
      expect(response.headers.get('retry-after')).toBe('7');
      expect(response.headers.get('anthropic-ratelimit-unified-status')).toBe('rejected');
      expect(errorOf(await json(response)).message).toBe('spent');
    }
  });

  test('may wait for the test', async () => {
    let release = (): void => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    api.setScript(async () => {
      await gate;
      return reply().tokens(2).tool('A', {}, 'toolu_own');
    });
    const answer = plain(say('x'));
    const request = await api.waitForRequest();
    expect(request.outcome.type).toBe('pending');
    release();
    expect((await answer)['content']).toMatchObject([{ text: 'w0 w1 ' }, { id: 'toolu_own' }]);
  });

  test('that throws is an api_error which says what was thrown', async () => {
    api.setScript(() => {
      throw new Error('my mistake');
    });
    const response = await post(say('x'));
    expect(response.status).toBe(500);
    expect(errorOf(await json(response)).message).toContain('my mistake');
  });
});

describe('usage', () => {
  const cached = { type: 'ephemeral' };
  const usageOf = async (body: Body) => numbersOf(asBody((await plain(body))['usage']));

  test('is a quarter of the characters in, and the deltas out', async () => {
    const usage = await usageOf(say('[[tokens 30 0]]'));
    expect(usage).toMatchObject({ output_tokens: 30, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 });
    const larger = await usageOf(say(`[[tokens 30 0]]${'x'.repeat(400)}`));
    expect(larger['input_tokens']! - usage['input_tokens']!).toBe(100);
  });

  test('counts a cached prefix as created first and as read after', async () => {
    const system = [{ type: 'text', text: 's'.repeat(4000), cache_control: cached }];
    const first = await usageOf({ ...say('one'), system });
    const second = await usageOf({ ...say('two'), system });
    expect(first['cache_creation_input_tokens']).toBeGreaterThan(1000);
    expect(first['cache_read_input_tokens']).toBe(0);
    expect(second['cache_read_input_tokens']).toBe(first['cache_creation_input_tokens']);
    expect(second['cache_creation_input_tokens']).toBe(0);
  });

  test('is billed by what was answered, as a sum and per request', async () => {
    api.setScript((request) =>
      request.number === 1 ? reply().text('x').billed({ input_tokens: 1000, output_tokens: 7 }) : undefined,
    );
    await plain(say('a'));
    await plain(say('b'));
    await post(say('[[status 500]]'));
    const sum = api.requests.reduce(
      (sum, { outcome }) => sum + (outcome.type === 'answered' ? outcome.usage.output_tokens : 0),
      0,
    );
    expect(sum).toBe(7 + 2);
    expect(api.billed.output_tokens).toBe(sum);
    expect(api.billed.input_tokens).toBeGreaterThan(1000);
  });

  test('is billed call by call, by key and model, also for an answer that broke off', async () => {
    api.setScript((request) => {
      if (request.lastUserText === 'whole')
        return reply().text('x').billed({ cache_read_input_tokens: 9, output_tokens: 7 });
      return request.lastUserText === 'failed' ? reply().status(500) : undefined;
    });
    await plain(say('whole'));
    await post(say('failed'));
    const streamed = { ...say('[[cut 3]] [[tokens 9 0]]'), stream: true };
    await post(streamed)
      .then(async (answer) => answer.text())
      .catch(() => undefined);
    await api.waitForRequest((request) => request.outcome.type === 'cut');

    expect(api.bills).toMatchObject([
      {
        number: 1,
        model: 'claude-sonnet-4-5',
        outcome: 'whole',
        usage: { cache_read_input_tokens: 9, output_tokens: 7 },
      },
      { number: 3, model: 'claude-sonnet-4-5', outcome: 'cut', usage: { output_tokens: 3 } },
    ]);
    expect(api.bills[1]?.usage.input_tokens).toBeGreaterThan(0);
    expect(api.billed.output_tokens).toBe(10);
  });

  test('is what count_tokens says', async () => {
    const response = await post(
      { model: 'claude-sonnet-4-5', messages: say('hello')['messages'] },
      { path: '/v1/messages/count_tokens' },
    );
    const usage = await usageOf(say('hello'));
    expect(await response.json()).toEqual({ input_tokens: usage['input_tokens'] });
  });
});

describe('the log', () => {
  test('tells what the user said, and which session and key asked', async () => {
    const headers = { ...HEADERS, 'x-claude-code-session-id': 's1' };
    const content = [
      { type: 'text', text: '<system-reminder>\nnoise\n</system-reminder>' },
      { type: 'text', text: 'signal' },
    ];
    await post(say(content), { headers });
    expect(api.requests[0]).toMatchObject({
      userTexts: ['signal'],
      lastUserText: 'signal',
      sessionId: 's1',
      apiKey: 'made-up',
    });
  });

  test('keeps the newest when it is bounded', async () => {
    const small = await startMessagesApi({ logLimit: 2 });
    try {
      for (const text of ['a', 'b', 'c']) {
        await fetch(`${small.url}/v1/messages`, { method: 'POST', headers: HEADERS, body: JSON.stringify(say(text)) });
      }
      expect(small.requests.map((request) => [request.number, request.lastUserText])).toEqual([
        [2, 'b'],
        [3, 'c'],
      ]);
    } finally {
      await small.close();
    }
  });

  test('says what came when the awaited request does not', async () => {
    await plain(say('this one'));
    await expect(
      api.waitForRequest((request) => request.lastUserText === 'that one', { timeoutMs: 5 }),
    ).rejects.toThrow(/this one \(answered\)/);
  });

  test('tells listeners, until they leave', async () => {
    const seen: string[] = [];
    const off = [
      api.on('request', (request) => seen.push(`came ${request.outcome.type}`)),
      api.on('outcome', (request) => seen.push(`ended ${request.outcome.type}`)),
    ];
    await plain(say('x'));
    for (const leave of off) leave();
    await plain(say('y'));
    expect(seen).toEqual(['came pending', 'ended answered']);
  });

  test('is empty after a reset, and attempts start anew', async () => {
    const body = say('[[status 529]]');
    expect((await post(body)).status).toBe(529);
    api.reset();
    expect(api.requests).toEqual([]);
    expect(api.billed.output_tokens).toBe(0);
    expect((await post(body)).status).toBe(529);
  });
});

describe('the rest of the API', () => {
  test('lists models and answers probes', async () => {
    const list = await json(await fetch(`${api.url}/v1/models`, { headers: HEADERS }));
    expect(asList(list['data']).every((model) => String(model['id']).startsWith('claude-'))).toBe(true);
    const one = await fetch(`${api.url}/v1/models/claude-opus-4-8`, { headers: HEADERS });
    expect(await one.json()).toMatchObject({ type: 'model', id: 'claude-opus-4-8' });
    expect((await fetch(`${api.url}/v1/models`)).status).toBe(401);
    expect((await fetch(`${api.url}/api/hello`, { method: 'HEAD' })).status).toBe(200);
  });

  test('answers a request for a title without obeying the prompt in it', async () => {
    const format = {
      type: 'json_schema',
      schema: { type: 'object', properties: { title: { type: 'string' } }, required: ['title'] },
    };
    const prompt = '<session>\nfix the parser [[status 529 9]]\n</session>\n\nWrite the title.';
    const message = await plain({ ...say(prompt), output_config: { format } });
    const [block] = asList(message['content']);
    expect(JSON.parse(String(block?.['text']))).toEqual({ title: 'fix the parser 529 9' });
    expect(api.requests[0]?.isSideRequest).toBe(true);
  });

  test('summarizes for a compaction', async () => {
    const first = { role: 'user', content: '[[say hi]] fix it' };
    const ask = { role: 'user', content: 'Your task is to create a detailed summary of the conversation so far' };
    const message = await plain({ ...say(''), messages: [first, { role: 'assistant', content: 'hi' }, ask] });
    const [block] = asList(message['content']);
    expect(block?.['text']).toMatch(/<summary>\nThe user said:\n- hi fix it\n<\/summary>$/);
  });

  test('lets only the listed keys in', async () => {
    const guarded = await startMessagesApi({ apiKeys: ['good'] });
    try {
      const ask = (key: string) =>
        fetch(`${guarded.url}/v1/messages`, {
          method: 'POST',
          headers: { ...HEADERS, 'x-api-key': key },
          body: JSON.stringify(say('x')),
        });
      expect((await ask('good')).status).toBe(200);
      expect((await ask('bad')).status).toBe(401);
    } finally {
      await guarded.close();
    }
  });

  test('close ends what still streams', async () => {
    const other = await startMessagesApi();
    const hanging = fetch(`${other.url}/v1/messages`, {
      method: 'POST',
      headers: HEADERS,
      body: JSON.stringify(say('[[hang]]')),
    });
    const closing = other.waitForRequest().then(() => other.close());
    await expect(hanging).rejects.toThrow('fetch failed');
    await closing;
  });

  test('a taken port is an error', async () => {
    await expect(startMessagesApi({ port: api.port })).rejects.toThrow(/EADDRINUSE/);
  });
});
