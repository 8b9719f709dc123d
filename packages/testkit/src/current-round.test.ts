import { describe, expect, test } from 'vitest';
import type { ConversationItem } from './conversation.ts';
import { currentRound } from './current-round.ts';
import type { Script } from './directives.ts';

const prompt = (text: string, steered = false): ConversationItem => ({ type: 'prompt', text, steered });
const reply = (text: string, ...toolUseIds: string[]): ConversationItem => ({ type: 'reply', text, toolUseIds });
const result = (toolUseId: string, text: string): ConversationItem => ({
  type: 'result',
  toolUseId,
  text,
  isError: false,
});
const interruption: ConversationItem = { type: 'interruption' };
const never = () => false;

function outline(script: Script): string[] {
  return script.map((step) => {
    if (step.type === 'say') return step.text;
    return step.type === 'tool' ? `tool ${step.name}` : step.type;
  });
}
const next = (items: ConversationItem[], endedBefore: (index: number) => boolean = never) =>
  outline(currentRound(items, endedBefore));

describe('the round that comes next', () => {
  test('answers the last prompt, and no directive of an earlier one', () => {
    expect(next([prompt('[[say old]] [[status 500 9]]'), reply('old'), prompt('new')])).toEqual(['echo: new']);
  });

  test('ends at the tool calls', () => {
    expect(next([prompt('[[say a]] [[tool A {}]] [[tool B {}]] [[say after]]')])).toEqual(['a', 'tool A', 'tool B']);
  });

  test('goes on with the results, and with what stood after the calls', () => {
    const items = [prompt('[[tool A {}]] [[tool B {}]] [[say after]]'), reply('', 't1', 't2')];
    expect(next([...items, result('t2', 'two'), result('t1', 'one')])).toEqual(['tool said: one\ntwo', 'after']);
  });

  test('a message sent in mid-turn is acknowledged after the result', () => {
    const items = [prompt('[[tool A {}]]'), reply('', 't1'), result('t1', 'one'), prompt('hey', true)];
    expect(next(items)).toEqual(['tool said: one', 'echo: hey']);
  });

  test('a message sent in mid-turn has its directives obeyed, tools too', () => {
    const items = [
      prompt('[[tool A {}]] [[say rest]]'),
      reply('', 't1'),
      result('t1', 'one'),
      prompt('[[say yes]] [[tool B {}]] [[say done]]', true),
    ];
    expect(next(items)).toEqual(['tool said: one', 'rest', 'yes', 'tool B']);
    expect(next([...items, reply('', 't2'), result('t2', 'two')])).toEqual(['tool said: two', 'done']);
  });

  test('results of calls that no directive asked for are told', () => {
    expect(next([prompt('by code'), reply('', 't1'), result('t1', 'x')])).toEqual(['tool said: x']);
    expect(next([result('t1', 'x')])).toEqual(['tool said: x']);
  });

  test('a prompt that failed is not answered again when the next one is joined to it', () => {
    const items = [prompt('[[status 400 99]]'), prompt('[[say ok]]')];
    expect(next(items, (index) => index === 0)).toEqual(['ok']);
    expect(next(items, (index) => index <= 1)).toEqual(['ok']);
  });

  test('prompts that came together are answered together', () => {
    expect(next([prompt('a'), prompt('b')])).toEqual(['echo: a\nb']);
    expect(next([prompt('a'), prompt('[[say b]]')])).toEqual(['echo: a', 'b']);
  });

  test('what was interrupted is not taken up again', () => {
    expect(next([prompt('[[say one]]'), interruption, prompt('two')])).toEqual(['echo: two']);
    expect(next([prompt('[[tool A {}]] [[say x]]'), reply('', 't1'), interruption, prompt('two')])).toEqual([
      'echo: two',
    ]);
    expect(next([prompt('[[tool A {}]]'), reply('', 't1'), result('t1', 'aborted'), prompt('two')])).toEqual([
      'echo: two',
    ]);
    expect(
      next([prompt('[[tool A {}]]'), reply('', 't1'), result('t1', 'rejected'), interruption, prompt('[[say two]]')]),
    ).toEqual(['two']);
  });

  test('an empty conversation has an echo of nothing', () => {
    expect(next([])).toEqual(['echo: ']);
  });
});
