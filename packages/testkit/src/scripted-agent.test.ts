import { describe, expect, test } from 'vitest';
import { nowUs } from './due.ts';
import { FakeClock, systemClock } from './fake-clock.ts';
import { playTurn, type AgentEnd, type AgentStep, type ScriptedAgentOptions } from './scripted-agent.ts';

const never = new AbortController().signal;

type Steps = (AgentStep | AgentEnd)[];

/** Puts the steps of a turn into a list, with its end as the last. */
async function record(steps: Steps, prompt: string, options: ScriptedAgentOptions): Promise<void> {
  const end = await playTurn(prompt, options, (step) => steps.push(step));
  steps.push(end);
}

/** Plays a turn to its end, with the clock running on by itself. */
async function play(prompt: string, options: Partial<ScriptedAgentOptions> = {}, clock = new FakeClock(0)) {
  const steps: Steps = [];
  const playing = record(steps, prompt, { clock, signal: never, seed: 's', ...options });
  await clock.runAll();
  await playing;
  return steps;
}

function textOf(steps: Steps): string {
  return steps.map((step) => (step.type === 'text' ? step.deltas.join('') : '')).join('');
}

describe('the scripted agent', () => {
  test('echoes a prompt without directives', async () => {
    expect(await play('hi there')).toEqual([
      { type: 'text', deltas: ['echo: ', 'hi ', 'there'] },
      { type: 'end', inputTokens: 2, outputTokens: 3 },
    ]);
  });

  test('thinks before it speaks', async () => {
    const steps = await play('[[say b]] [[think a]]');
    expect(steps.map((step) => step.type)).toEqual(['thinking', 'text', 'end']);
  });

  test('gives many tokens in few steps, and as many deltas', async () => {
    const steps = await play('[[tokens 20000 0]]', { maxDeltasPerStep: 1000 });
    expect(steps).toHaveLength(21);
    expect(steps.flatMap((step) => (step.type === 'text' ? step.deltas : []))).toHaveLength(20_000);
    expect(textOf(steps).endsWith('w19998 w19999 ')).toBe(true);
    expect(steps.at(-1)).toMatchObject({ type: 'end', outputTokens: 20_000 });
  });

  test('keeps the time between tokens', async () => {
    const clock = new FakeClock(0);
    const steps = await play('[[hang 100]] [[tokens 4 10]] [[stall 50]] [[say x]]', {}, clock);
    expect(clock.now()).toBe(100 + 30 + 50);
    expect(steps.filter((step) => step.type === 'text').length).toBe(5);
  });

  test('says nothing before it is due, although timers know whole ms only', async () => {
    const early: number[] = [];
    let deltas = 0;
    await playTurn('[[stamps 40 2.3 20]]', { clock: systemClock, signal: never, seed: 's' }, (step) => {
      if (step.type !== 'text') return;
      const now = nowUs();
      for (const delta of step.deltas) early.push(Number(delta.slice(1, 17)) - now);
      deltas += step.deltas.length;
    });
    expect(deltas).toBe(40);
    // A stamp is rounded to a µs.
    expect(Math.max(...early)).toBeLessThanOrEqual(1);
  });

  test('runs its tools at once, tells each result when it is there, and sums up in order', async () => {
    const clock = new FakeClock(0);
    const steps = await play(
      '[[tool Bash {"command":"sleep 2; echo slow"}]] [[tool Bash {"command":"echo \\"quick\\""}]] [[tool Read {"path":"a"}]] [[say bye]]',
      {},
      clock,
    );
    expect(clock.now()).toBe(2_000);
    expect(steps).toEqual([
      { type: 'tool.called', toolCallId: 's-1', name: 'Bash', input: { command: 'sleep 2; echo slow' } },
      { type: 'tool.called', toolCallId: 's-2', name: 'Bash', input: { command: 'echo "quick"' } },
      { type: 'tool.called', toolCallId: 's-3', name: 'Read', input: { path: 'a' } },
      { type: 'tool.completed', toolCallId: 's-2', output: 'quick', isError: false },
      { type: 'tool.completed', toolCallId: 's-3', output: 'Read ok {"path":"a"}', isError: false },
      { type: 'tool.completed', toolCallId: 's-1', output: 'slow', isError: false },
      { type: 'text', deltas: expect.any(Array) },
      { type: 'end', inputTokens: expect.any(Number), outputTokens: 3 + 8 },
    ]);
    expect(textOf(steps)).toBe('tool said: slow\nquick\nRead ok {"path":"a"} bye');
  });

  test('a command that exits with a code is an error', async () => {
    const steps = await play('[[tool Bash {"command":"echo a && exit 3"}]] [[tool sleep {"seconds":1}]]');
    expect(steps).toContainEqual({
      type: 'tool.completed',
      toolCallId: 's-1',
      output: 'a\nExit code 3',
      isError: true,
    });
    expect(steps).toContainEqual({ type: 'tool.completed', toolCallId: 's-2', output: '', isError: false });
  });

  test('fails as often as it is told, by attempt, and then answers', async () => {
    const prompt = '[[status 429 2]] [[say ok]]';
    expect(await play(prompt, { attempt: 0 })).toEqual([{ type: 'failed', status: 429 }]);
    expect(await play(prompt, { attempt: 1 })).toEqual([{ type: 'failed', status: 429 }]);
    expect(textOf(await play(prompt, { attempt: 2 }))).toBe('ok');
  });

  test('is cut after so many deltas', async () => {
    const steps = await play('[[tokens 9 0]] [[cut 3]]');
    expect(steps).toEqual([{ type: 'text', deltas: ['w0 ', 'w1 ', 'w2 '] }, { type: 'cut' }]);
    expect(textOf(await play('[[tokens 4 0]] [[cut 3]]', { attempt: 1 }))).toBe('w0 w1 w2 w3 ');
  });

  test.each([
    '[[hang]]',
    '[[say a]] [[stall]]',
    '[[tokens 100 1000]]',
    '[[tool Bash {"command":"tail -f /dev/null"}]]',
  ])('%s ends at once when it is aborted', async (prompt) => {
    const clock = new FakeClock(0);
    const abort = new AbortController();
    const steps: Steps = [];
    const playing = record(steps, prompt, { clock, signal: abort.signal, seed: 's' });
    await clock.advance(1_500);
    expect(steps.some((step) => step.type === 'aborted' || step.type === 'end')).toBe(false);
    abort.abort();
    await playing;
    expect(steps.at(-1)).toEqual({ type: 'aborted' });
    expect(clock.pendingTimers).toBe(0);
  });

  test('asks before it runs a tool, for several at once, and takes a changed input', async () => {
    const asked: string[] = [];
    const steps = await play('[[tool A {"n":1}]] [[tool B {}]]', {
      permit: (call) => {
        asked.push(call.name);
        return Promise.resolve(call.name === 'A' ? { allow: true, input: { n: 2 } } : { allow: false, message: 'no' });
      },
    });
    expect(asked).toEqual(['A', 'B']);
    expect(steps).toContainEqual({ type: 'tool.completed', toolCallId: 's-1', output: 'A ok {"n":2}', isError: false });
    expect(steps).toContainEqual({ type: 'tool.completed', toolCallId: 's-2', output: 'no', isError: true });
  });

  test('does not wait for an answer on a tool when it is aborted, and takes a failed question for a no', async () => {
    const abort = new AbortController();
    const told: Steps = [];
    const asked = new Promise<void>((resolve) => {
      const permit = (): Promise<never> => {
        resolve();
        return new Promise(() => {});
      };
      void record(told, '[[tool A]]', { clock: new FakeClock(), signal: abort.signal, seed: 's', permit });
    });
    await asked;
    abort.abort();
    await expect.poll(() => told).toMatchObject([{ type: 'tool.called' }, { type: 'aborted' }]);
    const steps = await play('[[tool A]]', { permit: () => Promise.reject(new Error('broken')) });
    expect(textOf(steps)).toContain('broken');
  });

  test('answers what the user sent meanwhile, in the same turn', async () => {
    const sent = ['hello?', '[[tool C {}]]'];
    const steps = await play('[[tool A {}]] [[say rest]]', { takeSteered: () => sent.splice(0) });
    expect(textOf(steps)).toBe('tool said: A ok {} rest echo: hello?tool said: C ok {}');
    expect(steps.filter((step) => step.type === 'tool.called')).toHaveLength(2);
    expect(steps.filter((step) => step.type === 'end')).toHaveLength(1);
  });

  test('plays the same again for the same prompt and seed', async () => {
    const prompt = '[[think a b]] [[tool A {}]] [[tool B {}]] [[tokens 5 1]]';
    expect(await play(prompt)).toEqual(await play(prompt));
  });
});
