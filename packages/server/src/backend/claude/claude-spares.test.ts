import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ProcessRecord } from '../../store/store.ts';
import type { Backend } from '../backend.ts';
import { readyOf, seenBy, startTestBed, type TestBed } from './testing/test-bed.ts';

const WAIT = { timeout: 60_000, interval: 20 };

let bed: TestBed;
let backend: Backend;
beforeAll(async () => {
  bed = await startTestBed();
});
beforeEach(async () => {
  backend = bed.restart({ spares: 1 });
  backend.spares?.keepReady(() => true);
  await oneReady();
});
afterEach(async () => {
  await backend.close();
  bed.api.reset();
});
afterAll(async () => {
  await bed.close();
});

async function oneReady(): Promise<void> {
  await expect.poll(() => backend.spares?.ready, WAIT).toBe(1);
}

function parked(): ProcessRecord | undefined {
  return bed.processes.records.findLast(({ sessionId }) => sessionId.startsWith('spare-'));
}

describe('processes that stand ready', () => {
  test('[AGT7] a new session begins on one, with its folder, model, prompt, effort and permissions, and goes on', async () => {
    const cwd = join(bed.cwd, 'other');
    mkdirSync(cwd);
    const sessionId = randomUUID();
    const spare = parked();
    const agent = bed.open({
      sessionId,
      cwd,
      model: 'claude-sonnet-4-5',
      systemPrompt: 'Be brief indeed.',
      effort: 'low',
    });
    expect(await agent.turn('my name is Ada')).toMatchObject({ outcome: 'completed' });
    expect(bed.processes.records).toContainEqual(spare);
    expect(readyOf(agent.events).agentSessionId).toBe(spare?.sessionId.replace('spare-', ''));
    const [request] = bed.api.requests.filter((one) => !one.isSideRequest);
    expect(JSON.stringify(request?.body?.system)).toContain('Be brief indeed.');
    expect(request?.body?.model).toContain('claude-sonnet-4-5');

    const from = agent.events.length;
    agent.send(`[[tool Write {"file_path":"${cwd}/a.txt","content":"a"}]]`);
    const approval = await agent.approval(from);
    expect(approval).toMatchObject({ toolName: 'Write', input: { file_path: `${cwd}/a.txt` } });
    agent.process.answer(approval.approvalId, { decision: 'deny' });
    await agent.wait('turn.ended', undefined, from);
    const { agentSessionId } = readyOf(agent.events);
    await agent.ended();

    const again = bed.open({ sessionId, cwd, agentSessionId });
    await again.turn('and now?');
    expect(seenBy(bed.api.requests.at(-1)).at(0)).toBe('my name is Ada');
    expect(seenBy(bed.api.requests.at(-1)).at(-1)).toBe('and now?');
    await again.ended();
  });

  test('[AGT8] one that was taken is replaced', async () => {
    const spare = parked();
    const agent = bed.open();
    await agent.turn('hello');
    await oneReady();
    expect(parked()).not.toEqual(spare);
    await agent.ended();
  });

  test('[AGT8] one that dies is missed, and a session then begins on a process of its own', async () => {
    process.kill(parked()?.pid ?? 0, 'SIGKILL');
    await expect.poll(() => backend.spares?.ready, WAIT).toBe(0);
    expect(bed.logged.join('\n')).toContain('a spare agent ended');
    const agent = bed.open();
    expect(await agent.turn('hello')).toMatchObject({ outcome: 'completed' });
    await agent.ended();
  });

  test('[AGT7] what only a start can give is given by a start: tools, limits, servers', async () => {
    const agent = bed.open({ allowedTools: ['Bash'], maxTurns: 5 });
    expect(await agent.turn('[[tool Bash {"command":"echo from a tool"}]]')).toMatchObject({ outcome: 'completed' });
    expect(backend.spares?.ready).toBe(1);
    await agent.ended();
  });

  test('[AGT7] a folder whose settings a running process cannot take has its session all the same, with them', async () => {
    const cwd = join(bed.cwd, 'with-settings');
    mkdirSync(join(cwd, '.claude'), { recursive: true });
    writeFileSync(join(cwd, '.claude', 'settings.json'), JSON.stringify({ env: { MARK: 'from the settings' } }));
    const agent = bed.open({ cwd, permissionMode: 'acceptEdits' });
    agent.process.configure({ permissionMode: 'default' });
    agent.send('[[tool Bash {"command":"echo $MARK"}]]');
    const { approvalId } = await agent.approval(0);
    agent.process.answer(approvalId, { decision: 'allow' });
    expect(await agent.wait('turn.ended', undefined, 0)).toMatchObject({ outcome: 'completed' });
    expect(agent.texts().join('')).toContain('from the settings');
    expect(bed.logged.join('\n')).toContain('project_settings');
    await agent.ended();
    await oneReady();
    const next = bed.open({ cwd });
    await next.turn('hello');
    expect(backend.spares?.ready).toBe(1);
    await next.ended();
  });

  test('[AGT8] all end with the backend', async () => {
    await backend.close();
    expect([backend.spares?.ready, bed.processes.records]).toEqual([0, []]);
  });

  test('[AGT7] a session that is ended while it takes one leaves nothing', async () => {
    const agent = bed.open();
    agent.send('hello');
    await Promise.resolve();
    agent.process.kill();
    await agent.process.gone;
    expect(agent.events.at(-1)?.type).toBe('exited');
  });
});
