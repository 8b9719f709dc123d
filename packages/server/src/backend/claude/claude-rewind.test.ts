import { randomUUID } from 'node:crypto';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { HearthError } from '@hearth/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readyOf, seenBy, startTestBed, type OpenAgent, type TestBed } from './testing/test-bed.ts';

let bed: TestBed;

beforeAll(async () => {
  bed = await startTestBed();
});

afterAll(async () => {
  await bed.close();
});

const lastSeen = (): readonly string[] => seenBy(bed.api.requests.at(-1));
const idOf = (agent: OpenAgent): string => readyOf(agent.events).agentSessionId;
const file = (name: string): string => join(bed.cwd, name);
const text = (name: string): string | null => (existsSync(file(name)) ? readFileSync(file(name), 'utf8') : null);
const write = (name: string, content: string): string =>
  `[[tool Write ${JSON.stringify({ file_path: file(name), content })}]]`;
const edit = (name: string, from: string, to: string): string =>
  `[[tool Read ${JSON.stringify({ file_path: file(name) })}]] [[tool Edit ${JSON.stringify({ file_path: file(name), old_string: from, new_string: to })}]]`;

/** A session whose agent may edit, with what it takes to rewind its files. */
function begin(sessionId = randomUUID(), more: object = {}) {
  const agent = bed.open({ sessionId, permissionMode: 'acceptEdits', ...more });
  return {
    sessionId,
    agent,
    turn: async (content: string): Promise<string> => {
      const messageId = randomUUID();
      expect(await agent.turn(content, messageId)).toMatchObject({ outcome: 'completed' });
      return messageId;
    },
  };
}

async function putBack(
  source: { sessionId: string; agentSessionId: string },
  messageIds: string[],
  dryRun = false,
): Promise<string[]> {
  return (await bed.backend.rewindFiles?.({ ...source, cwd: bed.cwd, messageIds, dryRun })) ?? [];
}

const folders = (name: string): string[] => {
  const path = join(bed.place('').configDir, name);
  return existsSync(path) ? readdirSync(path) : [];
};

describe('a conversation that was rewound', () => {
  test('[REW1] goes on with exactly what is left, under a new id, and stays so', async () => {
    const { sessionId, agent, turn } = begin();
    const one = await turn('one');
    const two = await turn('two');
    const three = await turn('[[tool Bash {"command":"echo x"}]] three');
    const before = idOf(agent);
    await agent.ended();

    const rewind = { lastMessageId: one, nextMessageIds: [two, three] };
    const second = bed.open({ sessionId, agentSessionId: before, rewind });
    await second.turn('four');
    expect(lastSeen()).toEqual(['one', 'four']);
    expect(idOf(second)).not.toBe(before);
    await second.ended();

    const third = bed.open({ sessionId, agentSessionId: idOf(second) });
    await third.turn('five');
    expect(lastSeen()).toEqual(['one', 'four', 'five']);
    await third.ended();
  });

  test('[REW1] to its beginning is empty', async () => {
    const { sessionId, agent, turn } = begin();
    const one = await turn('one');
    await agent.ended();
    const rewind = { lastMessageId: null, nextMessageIds: [one] };
    const second = bed.open({ sessionId, agentSessionId: idOf(agent), rewind });
    await second.turn('two');
    expect(lastSeen()).toEqual(['two']);
    await second.ended();
  });

  test('[REW1] keeps a message that only a crash has kept from it, and lets go of one that was rewound', async () => {
    const { sessionId, agent, turn } = begin();
    const one = await turn('one');
    const two = await turn('two');
    await agent.ended();
    const carried = [{ messageId: randomUUID(), content: 'carried' }];
    const rewind = { lastMessageId: one, nextMessageIds: [two] };
    const second = bed.open({ sessionId, agentSessionId: idOf(agent), rewind, carried });
    await second.turn('three');
    expect(lastSeen()).toEqual(['one', 'carried', 'three']);
    await second.ended();
  });

  test('[REW1] back to before it was compacted has its whole text again', async () => {
    const { sessionId, agent, turn } = begin();
    const one = await turn('one');
    const two = await turn('two');
    const compact = randomUUID();
    await agent.turn('/compact', compact);
    const three = await turn('three');
    await agent.ended();
    const rewind = { lastMessageId: one, nextMessageIds: [two, compact, three] };
    const second = bed.open({ sessionId, agentSessionId: idOf(agent), rewind });
    await second.turn('four');
    expect(lastSeen()).toEqual(['one', 'four']);
    await second.ended();
  });
});

describe('files', () => {
  test('[REW5] go back to what they were before a turn: written, edited and edited twice; what Bash did stays', async () => {
    writeFileSync(file('old.txt'), 'original\n');
    const { sessionId, agent, turn } = begin(undefined, { allowedTools: ['Bash'] });
    await turn('[[say nothing yet]]');
    const made = await turn(write('new.txt', 'v1'));
    const edited = await turn(edit('old.txt', 'original', 'changed'));
    const again = await turn(edit('old.txt', 'changed', 'Changed'));
    await turn('[[tool Bash {"command":"echo by bash > bash.txt"}]]');
    await agent.ended();
    const source = { sessionId, agentSessionId: idOf(agent) };
    const stored = await bed.transcripts.load({ ...bed.place(idOf(agent)), subpath: '' });

    expect(await putBack(source, [again], true)).toEqual([file('old.txt')]);
    expect(text('old.txt')).toBe('Changed\n');
    expect(await putBack(source, [again])).toEqual([file('old.txt')]);
    expect(text('old.txt')).toBe('changed\n');
    expect((await putBack(source, [made])).toSorted()).toEqual([file('new.txt'), file('old.txt')]);
    expect([text('old.txt'), text('new.txt'), text('bash.txt')]).toEqual(['original\n', null, 'by bash\n']);
    expect(await putBack(source, [edited])).toEqual([file('new.txt')]);
    expect(await putBack(source, [edited])).toEqual([]);

    expect(await bed.transcripts.load({ ...bed.place(idOf(agent)), subpath: '' })).toEqual(stored);
    expect(bed.processes.records.filter((record) => record.sessionId === sessionId)).toEqual([]);
  });

  test('[REW5] of a message that the agent never stored are those of the next one that it has', async () => {
    const { sessionId, agent, turn } = begin();
    const made = await turn(write('later.txt', 'v1'));
    await agent.ended();
    const source = { sessionId, agentSessionId: idOf(agent) };
    expect(await putBack(source, [randomUUID(), made])).toEqual([file('later.txt')]);
    expect(text('later.txt')).toBeNull();
  });

  test('[REW5] can be put back in a conversation that was cut or forked, and by each for itself', async () => {
    writeFileSync(file('shared.txt'), 'original\n');
    const { sessionId, agent, turn } = begin();
    const one = await turn(edit('shared.txt', 'original', 'changed'));
    const two = await turn('two');
    await agent.ended();
    const cut = { lastMessageId: one, nextMessageIds: [two] };
    const source = { sessionId, cwd: bed.cwd, agentSessionId: idOf(agent) };
    const forked = (await bed.backend.fork?.({ ...source, newSessionId: randomUUID(), cut })) ?? '';
    const next = begin(sessionId, { agentSessionId: idOf(agent), rewind: cut });
    await next.turn(edit('shared.txt', 'changed', 'again'));
    await next.agent.ended();

    expect(folders('file-history')).not.toContain(idOf(agent));
    expect(await putBack({ sessionId: randomUUID(), agentSessionId: forked }, [one], true)).toHaveLength(1);
    expect(await putBack({ sessionId, agentSessionId: idOf(next.agent) }, [one])).toEqual([file('shared.txt')]);
    expect(text('shared.txt')).toBe('original\n');
    await bed.backend.forget({ sessionId, cwd: bed.cwd, agentSessionId: forked });
    expect(folders('file-history')).not.toContain(forked);
  });

  test('[REW6] are left as they are when there is no checkpoint', async () => {
    const { sessionId, agent, turn } = begin();
    const made = await turn(write('kept.txt', 'v1'));
    await agent.ended();
    const source = { sessionId, agentSessionId: idOf(agent) };
    await expect(putBack(source, [randomUUID()])).rejects.toMatchObject({ code: 'invalid_request' });
    expect(text('kept.txt')).toBe('v1');
    expect(await putBack(source, [made])).toHaveLength(1);
  });

  test('[REW6] are all left as they are when one of them cannot be put back', async () => {
    writeFileSync(file('lost.txt'), 'original\n');
    const { sessionId, agent, turn } = begin();
    const made = await turn(write('beside.txt', 'v1'));
    await turn(edit('lost.txt', 'original', 'changed'));
    await agent.ended();
    const source = { sessionId, agentSessionId: idOf(agent) };
    const history = join(bed.place('').configDir, 'file-history', idOf(agent));
    const hidden = join(bed.outside, 'history');
    renameSync(history, hidden);
    mkdirSync(history);
    const refused = await putBack(source, [made]).catch((error: unknown) => error as HearthError);
    expect(refused).toMatchObject({ code: 'invalid_request' });
    expect((refused as HearthError).message).toContain('lost.txt');
    expect([text('beside.txt'), text('lost.txt')]).toEqual(['v1', 'changed\n']);

    rmSync(history, { recursive: true });
    renameSync(hidden, history);
    expect(await putBack(source, [made])).toHaveLength(2);
    expect([text('beside.txt'), text('lost.txt')]).toEqual([null, 'original\n']);
  });

  test.each([
    ['symbolic', symlinkSync],
    ['hard', linkSync],
  ])('[REW6] are all left as they are when one has become a %s link', async (kind, link) => {
    const name = `${kind}-link.txt`;
    writeFileSync(file(name), 'original\n');
    const { sessionId, agent, turn } = begin();
    const made = await turn(write(`${kind}-other.txt`, 'v1'));
    await turn(edit(name, 'original', 'changed'));
    await agent.ended();
    const target = join(bed.outside, `${kind}-target.txt`);
    renameSync(file(name), target);
    link(target, file(name));
    const source = { sessionId, agentSessionId: idOf(agent) };
    await expect(putBack(source, [made], true)).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(putBack(source, [made])).rejects.toMatchObject({ code: 'invalid_request' });
    expect([text(`${kind}-other.txt`), readFileSync(target, 'utf8')]).toEqual(['v1', 'changed\n']);
  });

  test('[REW6] are left as they are when the agent cannot start', async () => {
    const { sessionId, agent, turn } = begin();
    const made = await turn(write('stays.txt', 'v1'));
    await agent.ended();
    const broken = bed.restart({ pathToClaudeCodeExecutable: '/bin/false' });
    const source = { sessionId, cwd: bed.cwd, agentSessionId: idOf(agent), messageIds: [made], dryRun: false };
    await expect(broken.rewindFiles?.(source)).rejects.toMatchObject({ code: 'agent_unavailable' });
    expect(text('stays.txt')).toBe('v1');
    bed.restart();
  });
});
