import type { Approval } from '@hearth/protocol';
import { describe, expect, test } from 'vitest';
import { readLine } from './attach-input.ts';

const tool: Approval = { approvalId: 't', kind: 'tool', toolName: 'Bash', input: {}, suggestions: [] };
const colors = { question: 'Which colour?', options: [{ label: 'red' }, { label: 'blue' }] };
const sizes = { question: 'Which sizes?', multiSelect: true, options: [{ label: 'S' }, { label: 'L' }] };
const question = (...questions: NonNullable<Approval['questions']>): Approval => ({
  ...tool,
  approvalId: 'q',
  kind: 'question',
  questions,
});

describe('a typed line', () => {
  test('is a message unless it begins with a slash', () => {
    expect(readLine('  fix it ', [])).toEqual({ type: 'send', text: '  fix it ', priority: 'next' });
    expect(readLine('/now stop that', [])).toEqual({ type: 'send', text: 'stop that', priority: 'now' });
    expect(readLine('/later and this', [])).toEqual({ type: 'send', text: 'and this', priority: 'later' });
    expect(readLine('   ', [])).toEqual({ type: 'nothing' });
    expect(readLine('/etc/hosts is broken', [])).toMatchObject({ type: 'help' });
    expect(readLine(' /etc/hosts is broken', [])).toMatchObject({ type: 'send', text: ' /etc/hosts is broken' });
  });

  test('interrupts and leaves', () => {
    expect(readLine('/interrupt', [])).toEqual({ type: 'interrupt' });
    expect(readLine('/quit', [])).toEqual({ type: 'quit' });
  });

  test('answers the approval that waits longest', () => {
    const pending = [tool, { ...tool, approvalId: 'second' }];
    const answer = (line: string) => readLine(line, pending);
    expect(answer('/allow')).toMatchObject({
      approval: { approvalId: 't' },
      answer: { decision: 'allow', scope: 'once' },
    });
    expect(answer('/allow session')).toMatchObject({ answer: { decision: 'allow', scope: 'session' } });
    expect(answer('/deny too risky')).toMatchObject({ answer: { decision: 'deny', message: 'too risky' } });
    expect(answer('/deny')).toMatchObject({ answer: { decision: 'deny' } });
    expect(readLine('/allow', [])).toEqual({ type: 'help', text: 'Nothing waits for an answer.' });
  });

  test('answers questions by number or in own words', () => {
    expect(readLine('/answer 2', [question(colors)])).toMatchObject({
      answer: { answers: { 'Which colour?': 'blue' } },
    });
    expect(readLine('/answer a warm one', [question(colors)])).toMatchObject({
      answer: { decision: 'answer', answers: { 'Which colour?': 'a warm one' } },
    });
    expect(readLine('/answer 1; 1, 2', [question(colors, sizes)])).toMatchObject({
      answer: { answers: { 'Which colour?': 'red', 'Which sizes?': ['S', 'L'] } },
    });
    expect(readLine('/answer 1', [question(colors, sizes)])).toMatchObject({ type: 'help' });
    expect(readLine('/answer', [question(colors)])).toMatchObject({ type: 'help' });
    expect(readLine('/answer 1', [tool])).toMatchObject({ type: 'help' });
  });
});
