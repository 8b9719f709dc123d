import { expect, test } from 'vitest';
import { GatheredText } from './gathered-text.ts';
import { initialState } from './state.ts';
import type { SessionState } from './state.ts';
import { stateFromJson, stateToJson } from './stored-state.ts';

test('a state comes back as it was, but for the text of open blocks', () => {
  const blocks = [
    { blockId: 'b2', kind: 'thinking' as const },
    { blockId: 'b1', kind: 'text' as const, parentToolCallId: 't1' },
  ];
  const text = new GatheredText().append('streamed');
  const state: SessionState = {
    ...initialState(7, 'server'),
    agentSessionId: 'a',
    blocks: blocks.map((block) => ({ ...block, text })),
  };
  const json = stateToJson(state);
  expect(json).not.toContain('streamed');
  expect(stateFromJson(json)).toEqual({
    ...state,
    blocks: blocks.map((block) => ({ ...block, text: new GatheredText() })),
  });
});

test('a state that older versions stored lacks nothing', () => {
  const { blocks: _, held: __, ...older } = initialState(7, 'user');
  expect(stateFromJson(JSON.stringify(older))).toEqual(initialState(7, 'user'));
  const open = { b1: { kind: 'text', text: '' } };
  expect(stateFromJson(JSON.stringify({ ...older, blocks: open })).blocks).toEqual([
    { blockId: 'b1', kind: 'text', text: new GatheredText() },
  ]);
});
