import assert from 'node:assert/strict';
import type { Session } from '@hearth/protocol';
import type { Bench } from '../bench.ts';
import { answerText, codeOf, idle, ofType, only } from '../bench.ts';
import type { Case } from '../case.ts';
import type { RpcSocket } from '../rpc-socket.ts';

function writeTool(session: Session, name: string): string {
  const file = `${session.cwd}/hearth-conformance-${session.id.slice(0, 8)}-${name}.txt`;
  return `[[tool Write ${JSON.stringify({ file_path: file, content: 'written by the conformance suite\n' })}]]`;
}

async function asked(
  bench: Bench,
  prompt: (session: Session) => string,
  count = 1,
): Promise<{ session: Session; socket: RpcSocket }> {
  const session = await bench.session();
  const socket = await bench.watch(session.id);
  await bench.send(session.id, prompt(session));
  await socket.until('the approvals', () => ofType(socket.of(session.id), 'approval.requested').length === count);
  return { session, socket };
}

export const approvalCases: Case[] = [
  {
    rules: ['APR1', 'APR2'],
    title: 'a tool that needs leave asks; every client and the session show it; the first answer counts',
    async run(bench) {
      const { session, socket } = await asked(bench, (it) => writeTool(it, 'deny'));
      const request = only(socket.of(session.id), 'approval.requested');
      assert.equal(request.kind, 'tool');
      assert.equal(request.toolName, 'Write');
      assert(Array.isArray(request.suggestions));
      const seen = await bench.read(session.id);
      assert.equal(seen.phase, 'awaiting_approval');
      assert.equal(seen.approvals[0]?.approvalId, request.approvalId);
      const late = await bench.watch(session.id);
      await late.until('the approval', () => ofType(late.of(session.id), 'approval.requested').length === 1);
      const path = `/v1/sessions/${session.id}/approvals/${request.approvalId}`;
      const first = await bench.http('POST', path, { body: { decision: 'deny', message: 'not today' } });
      assert.equal(first.status, 200);
      const second = await bench.http('POST', path, { body: { decision: 'allow' } });
      assert.equal(second.status, 409);
      assert.equal(codeOf(second), 'approval_resolved');
      await idle(socket, session.id);
      const resolved = only(socket.of(session.id), 'approval.resolved');
      assert.equal(resolved.decision, 'deny');
      assert.equal(only(socket.of(session.id), 'tool.completed').isError, true);
      assert(answerText(socket.of(session.id)).includes('not today'));
      assert.deepEqual((await bench.read(session.id)).approvals, []);
    },
  },
  {
    rules: ['APR3'],
    title: 'several approvals at once are answered each by itself, in any order',
    async run(bench) {
      const fetchTool = (page: string): string =>
        `[[tool WebFetch ${JSON.stringify({ url: `https://example.com/${page}`, prompt: 'what is it?' })}]]`;
      const { session, socket } = await asked(bench, () => `${fetchTool('a')} ${fetchTool('b')}`, 2);
      const requests = ofType(socket.of(session.id), 'approval.requested');
      for (const { approvalId } of requests.toReversed()) {
        const answer = await bench.http('POST', `/v1/sessions/${session.id}/approvals/${approvalId}`, {
          body: { decision: 'deny' },
        });
        assert.equal(answer.status, 200);
      }
      await idle(socket, session.id);
      assert.equal(ofType(socket.of(session.id), 'approval.resolved').length, 2);
      assert.equal(ofType(socket.of(session.id), 'tool.completed').length, 2);
    },
  },
  {
    rules: ['APR4'],
    title: 'a question is asked and its answer reaches the agent',
    async run(bench) {
      const question = {
        questions: [
          {
            question: 'Which colour?',
            header: 'Colour',
            multiSelect: false,
            options: [
              { label: 'Red', description: 'warm' },
              { label: 'Blue', description: 'cold' },
            ],
          },
        ],
      };
      const { session, socket } = await asked(bench, () => `[[tool AskUserQuestion ${JSON.stringify(question)}]]`);
      const request = only(socket.of(session.id), 'approval.requested');
      assert.equal(request.kind, 'question');
      assert.equal(request.questions?.[0]?.question, 'Which colour?');
      const answer = await bench.http('POST', `/v1/sessions/${session.id}/approvals/${request.approvalId}`, {
        body: { decision: 'answer', answers: { 'Which colour?': 'Blue' } },
      });
      assert.equal(answer.status, 200);
      await idle(socket, session.id);
      assert.equal(only(socket.of(session.id), 'approval.resolved').decision, 'answer');
      assert(answerText(socket.of(session.id)).includes('Blue'));
    },
  },
  {
    rules: ['APR5'],
    title: 'an interrupt cancels what waits',
    async run(bench) {
      const { session, socket } = await asked(bench, (it) => writeTool(it, 'interrupt'));
      await bench.http('POST', `/v1/sessions/${session.id}/interrupt`, { body: {} });
      await idle(socket, session.id);
      assert.equal(only(socket.of(session.id), 'approval.resolved').decision, 'cancelled');
      only(socket.of(session.id), 'turn.interrupted');
    },
  },
  {
    rules: ['APR6'],
    title: 'an unknown approval is not found, a wrong answer is refused',
    async run(bench) {
      const { session, socket } = await asked(bench, (it) => writeTool(it, 'wrong'));
      const { approvalId } = only(socket.of(session.id), 'approval.requested');
      const at = (id: string): string => `/v1/sessions/${session.id}/approvals/${id}`;
      assert.equal((await bench.http('POST', at('nothing'), { body: { decision: 'allow' } })).status, 404);
      assert.equal((await bench.http('POST', at(approvalId), { body: { decision: 'maybe' } })).status, 400);
      assert.equal((await bench.read(session.id)).approvals.length, 1, 'it still waits');
      await bench.http('POST', `/v1/sessions/${session.id}/interrupt`, { body: {} });
      await idle(socket, session.id);
    },
  },
];
