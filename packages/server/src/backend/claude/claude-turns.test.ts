import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reply } from '@hearth/testkit';
import type { AgentEvent } from '../backend.ts';
import { seenBy, startTestBed, type TestBed } from './testing/test-bed.ts';

let bed: TestBed;
beforeAll(async () => {
  bed = await startTestBed();
});
afterAll(async () => {
  await bed.close();
});

const types = (events: AgentEvent[]) => events.map((event) => event.type).filter((type) => type !== 'activity');

describe('turns of a warm session', () => {
  test('[AGT1] ten turns use one process, which reads on after each of them', async () => {
    const agent = bed.open();
    const ends = [];
    for (let turn = 0; turn < 10; turn += 1) ends.push(await agent.turn(`[[say turn ${turn}]]`));
    expect(ends.map((end) => end.outcome)).toEqual(Array.from({ length: 10 }, () => 'completed'));
    expect(agent.texts()).toEqual(Array.from({ length: 10 }, (_, turn) => `turn ${turn}`));
    expect(bed.processes.records).toHaveLength(1);
    expect(agent.process.memoryBytes()).toBeGreaterThan(10_000_000);
    expect(seenBy(bed.api.requests.at(-1))).toHaveLength(10);
    await agent.ended();
    expect(agent.events.filter((event) => event.type === 'exited')).toEqual([{ type: 'exited' }]);
    await expect.poll(() => bed.processes.records).toEqual([]);
  });

  test('a turn tells its messages, thinking and text in order, and what they cost', async () => {
    const agent = bed.open();
    const messageId = agent.send('[[think let me see]] [[say hello there]]');
    const end = await agent.wait('turn.ended', undefined, 0);
    expect(types(agent.events).filter((type) => type !== 'calls.seen')).toEqual([
      'ready',
      'messages.started',
      'block.started',
      'block.delta',
      'block.delta',
      'block.delta',
      'block.completed',
      'block.started',
      'block.delta',
      'block.delta',
      'block.completed',
      'turn.ended',
    ]);
    expect(agent.events.find((event) => event.type === 'messages.started')).toEqual({
      type: 'messages.started',
      messageIds: [messageId],
    });
    expect(agent.texts()).toEqual(['let me see', 'hello there']);
    const deltas = agent.events.flatMap((event) => (event.type === 'block.delta' ? [event.text] : []));
    expect(deltas.join('')).toBe('let me seehello there');
    expect(end).toMatchObject({ outcome: 'completed', stopReason: 'end_turn', model: expect.any(String) as string });
    if (end.outcome !== 'completed') throw new Error('not completed');
    expect(end.costUsd).toBeGreaterThan(0);
    expect(end.usage.outputTokens).toBeGreaterThan(0);
    expect(end.context.usedTokens).toBeGreaterThan(0);
    expect(end.context.maxTokens).toBeGreaterThanOrEqual(end.context.usedTokens);
    await agent.ended();
  });

  test('[TURN2] usage and cost are of the turn alone, never the sum that the binary keeps', async () => {
    const agent = bed.open();
    const ends = [await agent.turn('a'), await agent.turn('b'), await agent.turn('c')];
    const billed = bed.api.requests
      .slice(-3)
      .map(({ outcome }) => (outcome.type === 'answered' ? outcome.usage : null));
    expect(ends.map((end) => end.usage)).toEqual(
      billed.map((usage) => ({
        inputTokens: usage?.input_tokens,
        outputTokens: usage?.output_tokens,
        cacheReadTokens: usage?.cache_read_input_tokens,
        cacheCreationTokens: usage?.cache_creation_input_tokens,
      })),
    );
    // The first turn fills the prompt cache; the later ones read it, and cost much less.
    const [first = 0, second = 0, third = 0] = ends.map((end) => end.costUsd);
    expect(second).toBeGreaterThan(0);
    expect(second).toBeLessThan(first / 2);
    expect(third).toBeLessThan(first / 2);
    await agent.ended();
  });

  test('an image goes in', async () => {
    const agent = bed.open();
    await agent.turn([
      { type: 'text', text: 'what is this' },
      { type: 'image', mediaType: 'image/png', data: PNG },
    ]);
    expect(JSON.stringify(bed.api.requests.at(-1)?.body.messages)).toContain('"media_type":"image/png"');
    await agent.ended();
  });

  test('the system prompt is added to, and tools can be taken away', async () => {
    const agent = bed.open({ systemPrompt: 'Always rhyme.', disallowedTools: ['WebSearch', 'Edit'] });
    await agent.turn('hi');
    const request = bed.api.requests.at(-1);
    const system = JSON.stringify(request?.body.system);
    expect(system).toContain('Always rhyme.');
    expect(system.length).toBeGreaterThan(2_000);
    expect(request?.body.tools?.map((tool) => tool.name)).not.toContain('Edit');
    await agent.ended();
  });
});

describe('tools', () => {
  test('a call, its result and its structured output are told once each', async () => {
    const agent = bed.open({ allowedTools: ['Bash'] });
    await agent.turn('[[tool Bash {"command":"echo one"}]] [[tool Bash {"command":"echo two"}]]');
    const calls = agent.events.filter((event) => event.type === 'tool.called');
    expect(calls).toMatchObject([
      { name: 'Bash', kind: 'execute', title: 'echo one', input: { command: 'echo one' } },
      { name: 'Bash', kind: 'execute', title: 'echo two', input: { command: 'echo two' } },
    ]);
    const results = agent.events.filter((event) => event.type === 'tool.completed');
    expect(new Set(results.map((result) => result.output))).toEqual(new Set(['one', 'two']));
    expect(results[0]).toMatchObject({ isError: false, structured: { stdout: expect.any(String) as string } });
    expect(new Set(results.map((result) => result.toolCallId))).toEqual(new Set(calls.map((call) => call.toolCallId)));
    await agent.ended();
  });

  test('[MSG2] a message sent while a tool runs is seen by the model within the turn', async () => {
    const agent = bed.open({ allowedTools: ['Bash'] });
    agent.send('[[tool Bash {"command":"sleep 0.6; echo slept"}]]');
    await agent.wait('tool.called');
    const steer = agent.send('and hurry');
    const started = await agent.wait('messages.started', (event) => event.messageIds.includes(steer));
    const end = await agent.wait('turn.ended', undefined, 0);
    expect(end.outcome).toBe('completed');
    expect(agent.events.indexOf(started)).toBeLessThan(agent.events.indexOf(end));
    const request = bed.api.requests.at(-1);
    expect(request?.userTexts.at(-1)).toBe('and hurry');
    expect(JSON.stringify(request?.body.messages)).toContain('slept');
    await agent.ended();
  });

  test('messages that were sent while text streamed begin the next turn together', async () => {
    const agent = bed.open();
    agent.send('[[tokens 10 40]]');
    await agent.wait('block.delta');
    const ids = [agent.send('second'), agent.send('third')];
    await agent.wait('turn.ended');
    const started = await agent.wait(
      'messages.started',
      undefined,
      agent.events.findIndex((e) => e.type === 'turn.ended'),
    );
    expect(started.messageIds).toEqual(ids);
    await agent.wait('turn.ended', undefined, agent.events.indexOf(started));
    await agent.ended();
  });

  test('a subagent’s text and tools carry the call that they run under', async () => {
    bed.api.setScript((request) => {
      if (request.lastUserText.startsWith('inner work')) {
        return request.body.messages.length > 3
          ? reply().text('inner done')
          : reply().text('inner begins').tool('Bash', { command: 'echo inner' });
      }
      return undefined;
    });
    const agent = bed.open({ allowedTools: ['Bash', 'Agent'] });
    agent.send('[[tool Agent {"description":"a sub","prompt":"inner work","subagent_type":"general-purpose"}]]');
    const call = await agent.wait('tool.called', (event) => event.name === 'Agent', 0);
    const inner = await agent.wait('tool.called', (event) => event.parentToolCallId === call.toolCallId, 0);
    expect(inner).toMatchObject({ name: 'Bash', title: 'echo inner' });
    const block = await agent.wait('block.started', (event) => event.parentToolCallId === call.toolCallId, 0);
    await agent.wait('block.completed', (event) => event.blockId === block.blockId && event.text === 'inner begins', 0);
    await agent.wait('background.changed', (event) => event.tasks.some((task) => task.status === 'completed'), 0);
    bed.api.setScript(undefined);
    await agent.ended();
  });

  test('work in the background is told from its start to its end', async () => {
    const agent = bed.open({ allowedTools: ['Bash'] });
    agent.send('[[tool Bash {"command":"sleep 0.3; echo late","run_in_background":true,"description":"a sleeper"}]]');
    const running = await agent.wait('background.changed', undefined, 0);
    expect(running.tasks).toMatchObject([{ kind: 'local_bash', title: 'a sleeper', status: 'running' }]);
    await agent.wait('background.changed', (event) => event.tasks[0]?.status === 'completed', 0);
    await agent.ended();
  });
});

describe('interrupting', () => {
  test('a first turn that is cut in its text keeps the conversation', async () => {
    const agent = bed.open();
    agent.send('[[say one two three four five six seven eight nine ten]] [[tokens 100 50]]');
    await agent.wait('block.delta');
    agent.process.interrupt();
    expect(await agent.wait('turn.ended')).toMatchObject({ outcome: 'interrupted' });
    expect((await agent.turn('[[say again]]')).outcome).toBe('completed');
    expect(seenBy(bed.api.requests.at(-1))).toHaveLength(2);
    expect(JSON.stringify(bed.api.requests.at(-1)?.body.messages)).toContain('one two three');
    await agent.ended();
  });

  test('[INT2] a tool that never ends is cut, and what waited is taken back before the turn’s end', async () => {
    const agent = bed.open({ allowedTools: ['Bash'] });
    agent.send('[[tool Bash {"command":"tail -f /dev/null"}]]');
    await agent.wait('tool.called');
    const waiting = agent.send('later on');
    agent.process.interrupt();
    const end = await agent.wait('turn.ended');
    expect(end).toMatchObject({ outcome: 'interrupted' });
    const withdrawn = agent.events.find((event) => event.type === 'message.withdrawn');
    expect(withdrawn).toEqual({ type: 'message.withdrawn', messageId: waiting, ok: true });
    expect(agent.events.indexOf(withdrawn!)).toBeLessThan(agent.events.indexOf(end));
    // The binary drops a uuid that it has seen; the same message is delivered all the same.
    expect((await agent.turn('later on', waiting)).outcome).toBe('completed');
    expect(bed.api.requests.at(-1)?.lastUserText).toBe('later on');
    await agent.ended();
  });

  test('an interrupt right after a message does not overtake it', async () => {
    const agent = bed.open();
    await agent.turn('warm');
    agent.send('[[tokens 100 50]]');
    agent.process.interrupt();
    expect((await agent.wait('turn.ended')).outcome).toBe('interrupted');
    expect((await agent.turn('on')).outcome).toBe('completed');
    await agent.ended();
  });

  test('an interrupt before the process is there ends the turn at once', async () => {
    const agent = bed.open();
    const messageId = agent.send('never');
    agent.process.interrupt();
    expect(agent.events).toEqual([
      { type: 'message.withdrawn', messageId, ok: true },
      { type: 'turn.ended', outcome: 'interrupted' },
    ]);
    expect((await agent.turn('[[say now]]')).outcome).toBe('completed');
    expect(seenBy(bed.api.requests.at(-1))).toEqual(['[[say now]]']);
    await agent.ended();
  });
});

describe('taking back', () => {
  test('a message that waits is taken back, with us or with the binary; one that has started is not', async () => {
    const agent = bed.open();
    const first = agent.send('[[tokens 20 50]]');
    await agent.wait('block.delta');
    const second = agent.send('second');
    agent.process.withdraw(second);
    await agent.wait('message.withdrawn', (event) => event.messageId === second && event.ok, 0);
    const third = agent.send('third');
    await agent.wait('block.delta');
    await agent.wait('block.delta');
    agent.process.withdraw(third);
    await agent.wait('message.withdrawn', (event) => event.messageId === third && event.ok, 0);
    agent.process.withdraw(first);
    await agent.wait('message.withdrawn', (event) => event.messageId === first && !event.ok, 0);
    await agent.wait('turn.ended', undefined, 0);
    await agent.turn('third', third);
    expect(seenBy(bed.api.requests.at(-1))).toEqual(['[[tokens 20 50]]', 'third']);
    await agent.ended();
  });

  test('a message that is sent again as soon as it is back is not taken for the one that was taken back', async () => {
    const agent = bed.open();
    agent.send('[[tokens 20 50]]');
    await agent.wait('block.delta');
    const changed = agent.send('first words');
    // The binary has it.
    await agent.wait('block.delta');
    await agent.wait('block.delta');
    agent.process.withdraw(changed);
    await agent.wait('message.withdrawn', undefined, 0);
    agent.send('other words', changed);
    await agent.wait('messages.started', ({ messageIds }) => messageIds.includes(changed), 0);
    await agent.wait('turn.ended', undefined, agent.events.findIndex(({ type }) => type === 'messages.started') + 1);
    expect(agent.events.filter(({ type }) => type === 'message.withdrawn')).toHaveLength(1);
    await agent.ended();
  });
});

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
