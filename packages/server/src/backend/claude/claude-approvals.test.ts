import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestBed, type TestBed } from './testing/test-bed.ts';

let bed: TestBed;
beforeAll(async () => {
  bed = await startTestBed();
});
afterAll(async () => {
  await bed.close();
});

describe('approvals', () => {
  test('[APR3] several wait at once, each is answered for itself, and each comes after its call', async () => {
    const agent = bed.open();
    const [one, two] = [join(bed.outside, 'one.txt'), join(bed.outside, 'two.txt')];
    writeFileSync(one, 'content one');
    writeFileSync(two, 'content two');
    agent.send(
      `[[tool Read ${JSON.stringify({ file_path: one })}]] [[tool Read ${JSON.stringify({ file_path: two })}]]`,
    );
    const first = await agent.approval(0);
    const second = (await agent.wait('approval.requested', (e) => e.approval.approvalId !== first.approvalId, 0))
      .approval;
    expect([first, second]).toMatchObject([
      { kind: 'tool', toolName: 'Read', input: { file_path: one } },
      { kind: 'tool', toolName: 'Read', input: { file_path: two } },
    ]);
    for (const approval of [first, second]) {
      const asked = agent.events.findIndex((e) => e.type === 'approval.requested' && e.approval === approval);
      const called = agent.events.findIndex((e) => e.type === 'tool.called' && e.toolCallId === approval.toolCallId);
      expect(called).toBeGreaterThanOrEqual(0);
      expect(called).toBeLessThan(asked);
    }
    agent.process.answer(second.approvalId, { decision: 'deny', message: 'not that one' });
    agent.process.answer(first.approvalId, { decision: 'allow' });
    expect((await agent.wait('turn.ended')).outcome).toBe('completed');
    const results = new Map(
      agent.events.flatMap((e) => (e.type === 'tool.completed' ? [[e.toolCallId, e] as const] : [])),
    );
    expect(results.get(first.toolCallId ?? '')).toMatchObject({ isError: false });
    expect(String(results.get(first.toolCallId ?? '')?.output)).toContain('content one');
    expect(results.get(second.toolCallId ?? '')).toMatchObject({ isError: true });
    expect(String(results.get(second.toolCallId ?? '')?.output)).toContain('not that one');
    await agent.ended();
  });

  test('the input can be changed', async () => {
    const agent = bed.open();
    agent.send('[[tool Write {"file_path":"c.txt","content":"model"}]]');
    const approval = await agent.approval();
    agent.process.answer(approval.approvalId, {
      decision: 'allow',
      updatedInput: { file_path: join(bed.cwd, 'c.txt'), content: 'user' },
    });
    await agent.wait('turn.ended');
    expect(readFileSync(join(bed.cwd, 'c.txt'), 'utf8')).toBe('user');
    await agent.ended();
  });

  test('[APR8] scope session: the same call is not asked again in this session, and in no other', async () => {
    const agent = bed.open();
    agent.send('[[tool Bash {"command":"touch s1.txt"}]]');
    const approval = await agent.approval();
    expect(approval.suggestions.length).toBeGreaterThan(0);
    agent.process.answer(approval.approvalId, { decision: 'allow', scope: 'session' });
    await agent.wait('turn.ended');
    await agent.turn('[[tool Bash {"command":"touch s1.txt"}]]');
    expect(agent.events.filter((event) => event.type === 'approval.requested')).toHaveLength(1);
    await agent.ended();
    expect(existsSync(join(bed.cwd, '.claude', 'settings.local.json'))).toBe(false);
  });

  test('an approval that an interrupt overtakes is withdrawn', async () => {
    const agent = bed.open();
    agent.send('[[tool Write {"file_path":"d.txt","content":"x"}]]');
    const approval = await agent.approval();
    agent.process.interrupt();
    expect((await agent.wait('turn.ended')).outcome).toBe('interrupted');
    expect(agent.events).toContainEqual({ type: 'approval.withdrawn', approvalId: approval.approvalId });
    expect((await agent.turn('on')).outcome).toBe('completed');
    await agent.ended();
  });

  test('[APR4] a question of the agent is answered, with several labels for one that allows them', async () => {
    const agent = bed.open();
    const option = (label: string) => ({ label, description: `about ${label}` });
    const questions = [
      { question: 'Which db?', header: 'DB', multiSelect: false, options: [option('A'), option('B')] },
      { question: 'Which parts?', header: 'Parts', multiSelect: true, options: [option('X'), option('Y')] },
    ];
    agent.send(`[[tool AskUserQuestion ${JSON.stringify({ questions })}]]`);
    const approval = await agent.approval();
    expect(approval).toMatchObject({ kind: 'question', questions });
    agent.process.answer(approval.approvalId, {
      decision: 'answer',
      answers: { 'Which db?': 'B', 'Which parts?': ['X', 'Y'] },
    });
    await agent.wait('turn.ended');
    const sent = JSON.stringify(bed.api.requests.at(-1)?.body.messages);
    expect(sent).toContain('\\"Which db?\\"=\\"B\\"');
    expect(sent).toContain('\\"Which parts?\\"=\\"X, Y\\"');
    await agent.ended();
  });

  test('a plan is accepted, and the agent leaves the plan mode', async () => {
    const agent = bed.open({ permissionMode: 'plan' });
    agent.send('[[tool ExitPlanMode {"plan":"# Plan"}]]');
    const approval = await agent.approval();
    expect(approval).toMatchObject({ kind: 'plan', toolName: 'ExitPlanMode', input: { plan: '# Plan' } });
    agent.process.answer(approval.approvalId, { decision: 'allow' });
    await agent.wait('turn.ended');
    expect(agent.events).toContainEqual({ type: 'configured', change: { permissionMode: 'default' } });
    await agent.ended();
  });
});

describe('plans', () => {
  test('the plan that stands in the agent’s own file is shown with the approval', async () => {
    const agent = bed.open({ permissionMode: 'plan' });
    agent.send('make a plan');
    await agent.wait('turn.ended');
    const file = /[^\s"\\]+\/plans\/[\w-]+\.md/.exec(JSON.stringify(bed.api.requests.at(-1)?.body.messages))?.[0];
    agent.send(`[[tool Write ${JSON.stringify({ file_path: file, content: '# From the file' })}]]`);
    await agent.wait('turn.ended');
    agent.send('[[tool ExitPlanMode {}]]');
    expect(await agent.approval()).toMatchObject({ kind: 'plan', input: { plan: '# From the file' } });
    agent.process.interrupt();
    await agent.wait('turn.ended');
    await agent.ended();
  });

  test('a to-do list is told whole at each change', async () => {
    const agent = bed.open();
    const todos = [
      { content: 'dig', status: 'completed', activeForm: 'digging' },
      { content: 'fill', status: 'in_progress', activeForm: 'filling' },
    ];
    await agent.turn(`[[tool TodoWrite ${JSON.stringify({ todos })}]]`);
    const entries = todos.map(({ content, status }) => ({ content, status }));
    expect(agent.events).toContainEqual({ type: 'plan.updated', entries });
    await agent.ended();
  });
});

describe('changing a live session', () => {
  test('model, permission mode and effort hold from the next request on', async () => {
    const agent = bed.open({ effort: 'low' });
    await agent.turn('one');
    expect(bed.api.requests.at(-1)?.body['output_config']).toMatchObject({ effort: 'low' });
    agent.process.configure({ model: 'claude-sonnet-5', permissionMode: 'acceptEdits', effort: 'high' });
    const end = await agent.turn('[[tool Write {"file_path":"e.txt","content":"x"}]]');
    expect(end).toMatchObject({ outcome: 'completed', model: 'claude-sonnet-5' });
    const request = bed.api.requests.at(-1);
    expect(request?.body.model).toBe('claude-sonnet-5');
    expect(request?.body['output_config']).toMatchObject({ effort: 'high' });
    expect(agent.events.some((event) => event.type === 'approval.requested')).toBe(false);
    expect(agent.events.some((event) => event.type === 'notice')).toBe(false);
    await agent.ended();
  });

  test('[SEC4] permissions are not bypassed unless the server allows it', async () => {
    const agent = bed.open();
    await agent.turn('one');
    agent.process.configure({ permissionMode: 'bypassPermissions' });
    expect(await agent.wait('notice')).toMatchObject({ code: 'not_configured', level: 'warning' });
    await agent.ended();
    const other = bed.open({ permissionMode: 'bypassPermissions' });
    other.send('[[tool Bash {"command":"touch bypass.txt"}]]');
    expect((await other.approval(0)).toolName).toBe('Bash');
    expect(other.events).toContainEqual({ type: 'configured', change: { permissionMode: 'default' } });
    await other.ended();
  });
});
