import assert from 'node:assert/strict';
import type { DirectoryList, SessionsChanged, SessionSummary } from '@hearth/protocol';
import { codeOf } from '../bench.ts';
import type { Case } from '../case.ts';
import type { RpcSocket } from '../rpc-socket.ts';

/** The last that a watch told of a session. */
function toldOf(socket: RpcSocket, sessionId: string): SessionSummary | undefined {
  return changes(socket)
    .flatMap(({ items }) => items)
    .findLast(({ id }) => id === sessionId);
}

function changes(socket: RpcSocket): SessionsChanged[] {
  return socket.notices.flatMap(({ method, params }) =>
    method === 'sessions.changed' ? [params as SessionsChanged] : [],
  );
}

export const listCases: Case[] = [
  {
    rules: ['LIST1', 'SES15'],
    title: 'who watches the list is told what is new, changed and deleted, and how a turn ended',
    async run(bench) {
      const socket = await bench.socket();
      await socket.call('sessions.watch', {});
      const { id } = await bench.session();
      await socket.until('the new session', () => toldOf(socket, id) !== undefined);
      await bench.send(id, '[[say tea]]');
      await socket.until('the end of its turn', () => toldOf(socket, id)?.lastTurn?.outcome === 'completed');
      await socket.call('session.update', { sessionId: id, title: 'Tea' });
      await socket.until('its title', () => toldOf(socket, id)?.title === 'Tea');
      const told = toldOf(socket, id);
      assert.deepEqual([told?.queued, told?.approvals], [0, []]);
      assert.equal((await bench.read(id)).lastTurn?.seq, told?.lastTurn?.seq);
      await socket.call('session.delete', { sessionId: id });
      await socket.until('its deletion', () => changes(socket).some(({ removed }) => removed.includes(id)));
      await socket.call('sessions.unwatch', {});
      const before = changes(socket).length;
      await bench.session();
      await socket.call('ping', {});
      assert.equal(changes(socket).length, before);
    },
  },
  {
    rules: ['DIR1', 'DIR2'],
    title: 'the workspaces are listed, and nothing outside of them',
    async run(bench) {
      const { status, body } = await bench.http('GET', '/v1/directories');
      assert.equal(status, 200);
      const roots = body as DirectoryList;
      assert.deepEqual([roots.path, roots.parent], [null, null]);
      const [root] = roots.items;
      assert(root, 'there is a workspace');
      const inside = await bench.http('GET', `/v1/directories?path=${encodeURIComponent(root.path)}`);
      assert.equal(inside.status, 200);
      assert.equal((inside.body as DirectoryList).path, root.path);
      const outside = await bench.http('GET', `/v1/directories?path=${encodeURIComponent(`${root.path}/../..`)}`);
      assert.equal(outside.status, 403);
      assert.equal(codeOf(outside), 'forbidden');
    },
  },
];
