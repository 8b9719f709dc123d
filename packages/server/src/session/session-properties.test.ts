import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AgentEvent } from './agent-event.ts';
import { COMPLETED } from './testing/model-agent.ts';
import { CONFIG, SimulatedSession } from './testing/simulated-session.ts';

const SPENT = { code: 'budget_exceeded', message: 'Spent.', retryable: false } as const;

type Act = (session: SimulatedSession) => void;

const pickFrom = <Item>(items: readonly Item[], pick: number): Item | undefined => items[pick % items.length];

const priority = fc.constantFrom('now' as const, 'next' as const, 'next' as const, 'later' as const, 'later' as const);

/** A named action, so that a failing sequence can be read and written down as a test of its own. */
function act(name: string, run: Act): Act {
  return Object.assign(run, { toString: () => name });
}

const agentMove = fc.nat(60).map((pick) => act(`agent ${pick}`, (session) => pickFrom(session.agentMoves(), pick)?.()));
const carry = fc.constant(act('carry', (session) => void session.carry()));
const carryAll = fc.constant(
  act('carry all', (session) => {
    while (session.carry());
  }),
);
const send = priority.map((priority) => act(`send ${priority}`, (session) => void session.send(priority)));
const update = fc
  .record(
    {
      pick: fc.nat(12),
      content: fc.constant('changed'),
      priority,
      place: fc.nat(4),
    },
    { requiredKeys: ['pick'] },
  )
  .map(({ pick, ...change }) =>
    act(`update ${pick} ${JSON.stringify(change)}`, (session) => {
      session.update(pickFrom(session.messageIds, pick) ?? 'nobody', change);
    }),
  );
const cancel = fc
  .nat(12)
  .map((pick) => act(`cancel ${pick}`, (s) => void s.cancel(pickFrom(s.messageIds, pick) ?? 'nobody')));
const interrupt = fc.boolean().map((all) => act(`interrupt ${all}`, (session) => void session.interrupt(all)));
const answer = fc.record({ pick: fc.nat(12), allow: fc.boolean() }).map(({ pick, allow }) =>
  act(`answer ${pick} ${allow}`, (session) => {
    const known = [...session.check.pendingApprovals, ...session.check.resolvedApprovals, 'constructor'];
    session.answer(pickFrom(known, pick) ?? 'nobody', allow ? 'allow' : 'deny');
  }),
);
const rewind = fc.record({ keep: fc.nat(3), at: fc.constantFrom('once', 'begin', 'end') }).map(({ keep, at }) =>
  act(`rewind ${at} ${keep}`, (session) => {
    if (at === 'end') session.endRewind();
    else if (at === 'begin') session.beginRewind(keep);
    else session.rewind(keep);
  }),
);
const wait = fc.constantFrom(10, 1_000, 11_000, 130_000).map((ms) =>
  act(`wait ${ms}`, (session) => {
    session.wait(ms);
    session.tick();
  }),
);
const deadline = fc.constant(act('deadline', (session) => void session.reachDeadline()));
const configure = fc.constant(
  act('model', (session) => {
    const changes = { model: 'another' };
    const requestId = session.newId('request');
    session.waiting.add(requestId);
    session.input({ type: 'session.update', requestId, changes });
  }),
);
const evict = fc.constant(act('evict', (session) => session.input({ type: 'evict' })));
const crash = fc.constant(act('crash', (session) => session.crash()));
const drain = fc.constant(act('drain', (session) => session.input({ type: 'drain' })));
const shutdown = fc.constant(act('shutdown', (session) => session.input({ type: 'shutdown' })));
const wake = fc.constant(act('wake', (session) => session.input({ type: 'wake' })));
const stop = fc.constant(act('stop', (session) => session.input({ type: 'turn.stop', error: SPENT })));
const refuse = fc.boolean().map((all) =>
  act(`refuse ${all}`, (session) => {
    session.refusal = all ? SPENT : null;
  }),
);
const close = fc.constant(act('close', (session) => session.close()));

const client = fc.oneof(
  { weight: 6, arbitrary: send },
  { weight: 3, arbitrary: update },
  { weight: 2, arbitrary: cancel },
  { weight: 2, arbitrary: interrupt },
  { weight: 3, arbitrary: answer },
  { weight: 1, arbitrary: configure },
  { weight: 3, arbitrary: rewind },
);

const surroundings = fc.oneof(
  { weight: 4, arbitrary: wait },
  { weight: 4, arbitrary: deadline },
  { weight: 3, arbitrary: evict },
  { weight: 4, arbitrary: crash },
  { weight: 1, arbitrary: drain },
  { weight: 1, arbitrary: shutdown },
  { weight: 1, arbitrary: wake },
  { weight: 1, arbitrary: stop },
  { weight: 2, arbitrary: refuse },
);

const story = fc.oneof(
  { weight: 30, arbitrary: agentMove },
  { weight: 8, arbitrary: carry },
  { weight: 12, arbitrary: carryAll },
  { weight: 16, arbitrary: client },
  { weight: 3, arbitrary: surroundings },
);

const someId = fc.constantFrom('m2', 'm4', 'm6', 'w10', 'w12', 'x', 'constructor', '__proto__');
const parent: fc.Arbitrary<{ parentToolCallId?: string }> = fc.oneof(
  fc.constant({}),
  fc.record({ parentToolCallId: someId }),
);
const ofTool: fc.Arbitrary<{ toolCallId?: string }> = fc.oneof(fc.constant({}), fc.record({ toolCallId: someId }));
const retryable = fc.boolean();
const failure = retryable.map((again) => ({ code: 'overloaded' as const, message: 'Busy.', retryable: again }));

/** Anything at all, in no order: words about things that never were. */
const nonsense: fc.Arbitrary<AgentEvent> = fc.oneof(
  fc.constant({ type: 'ready' as const, agentSessionId: 'other' }),
  fc.array(someId, { maxLength: 3 }).map((messageIds) => ({ type: 'messages.started' as const, messageIds })),
  fc.record({ type: fc.constant('message.withdrawn' as const), messageId: someId, ok: fc.boolean() }),
  fc
    .tuple(someId, fc.constantFrom('text' as const, 'thinking' as const), parent)
    .map(([blockId, kind, of]) => ({ type: 'block.started' as const, blockId, kind, ...of })),
  fc.record({ type: fc.constant('block.delta' as const), blockId: someId, text: fc.string({ maxLength: 3 }) }),
  fc.record(
    { type: fc.constant('block.completed' as const), blockId: someId, text: fc.string({ maxLength: 3 }) },
    { requiredKeys: ['type', 'blockId'] },
  ),
  someId.map((blockId) => ({ type: 'block.completed' as const, blockId, abandoned: true as const })),
  fc
    .tuple(someId, parent)
    .map(([toolCallId, of]) => ({ type: 'tool.called' as const, toolCallId, name: 'T', input: {}, ...of })),
  someId.map((toolCallId) => ({ type: 'tool.completed' as const, toolCallId, output: '', isError: false })),
  fc.tuple(someId, ofTool).map(([approvalId, of]) => ({
    type: 'approval.requested' as const,
    approval: { approvalId, kind: 'question' as const, toolName: 'T', input: {}, suggestions: [], ...of },
  })),
  someId.map((approvalId) => ({ type: 'approval.withdrawn' as const, approvalId })),
  fc.constant({
    type: 'retry.scheduled' as const,
    attempt: 1,
    maxAttempts: 2,
    delayMs: 100,
    error: { code: 'overloaded' as const },
  }),
  fc.constantFrom('running' as const, 'completed' as const).map((status) => ({
    type: 'background.changed' as const,
    tasks: [{ taskId: 'task', kind: 'shell', title: 'A task', status }],
  })),
  fc.constant({ type: 'title.updated' as const, title: 'Another' }),
  fc.constant({ type: 'activity' as const }),
  fc.constant(COMPLETED),
  fc.constant({ type: 'turn.ended' as const, outcome: 'interrupted' as const }),
  failure.map((error) => ({ type: 'turn.ended' as const, outcome: 'failed' as const, error })),
  fc.constant({ type: 'exited' as const }),
  failure.map((error) => ({ type: 'exited' as const, error })),
);

const babble = fc
  .tuple(nonsense, fc.nat(2))
  .map(([event, back]) =>
    act(`babble -${back} ${JSON.stringify(event)}`, (session) =>
      session.agentSays(event, session.state.agent.generation - back),
    ),
  );

const ghost = fc
  .tuple(nonsense, fc.integer({ min: 1, max: 3 }))
  .map(([event, back]) =>
    act(`ghost -${back} ${JSON.stringify(event)}`, (session) =>
      session.agentSays(event, session.state.agent.generation - back),
    ),
  );

const config = fc.record({
  steering: fc.boolean(),
  approvalTimeoutMs: fc.constantFrom(null, 60_000),
});

function play(session: SimulatedSession, acts: readonly Act[]): void {
  for (const each of acts) each(session);
  session.comeToRest();
  session.checkRest();
  if (session.state.life !== 'draining') return;
  session.crash();
  session.comeToRest();
  session.checkRest();
}

/** FC_SEED and FC_RUNS play a failure again, or search for longer. */
const search = {
  includeErrorInReport: true,
  numRuns: Number(process.env['FC_RUNS'] ?? 400),
  ...(process.env['FC_SEED'] === undefined ? {} : { seed: Number(process.env['FC_SEED']) }),
};

/** The smallest sequence of acts that breaks a promise, with its seed; null: none was found. */
function counterexample(sequences: fc.Arbitrary<readonly Act[]>, contract: boolean): string | null {
  const property = fc.property(config, sequences, (chosen, acts) =>
    play(new SimulatedSession({ ...CONFIG, ...chosen }, contract), acts),
  );
  return fc.defaultReportMessage(fc.check(property, search)) ?? null;
}

function acts(maxLength: number, ...kinds: fc.WeightedArbitrary<Act>[]): fc.Arbitrary<Act[]> {
  return fc.array(fc.oneof(...kinds), { maxLength, size: 'max' });
}

describe('the core under random schedules', () => {
  test('[TURN1] every promise holds when the agent keeps its contract, crashes and hangs included', () => {
    const sequences = acts(120, { weight: 20, arbitrary: story }, { weight: 1, arbitrary: ghost });
    expect(counterexample(sequences, true)).toBeNull();
  });

  test('[AGT4] every promise to clients holds whatever an agent says', () => {
    const sequences = acts(80, { weight: 1, arbitrary: story }, { weight: 1, arbitrary: babble });
    expect(counterexample(sequences, false)).toBeNull();
  });

  test('[SES8] a closed session stays closed and answers everyone', () => {
    const some = acts(30, { weight: 1, arbitrary: story }, { weight: 1, arbitrary: babble });
    const sequences = fc.tuple(some, close, some).map(([before, end, after]) => [...before, end, ...after]);
    expect(counterexample(sequences, false)).toBeNull();
  });
});
