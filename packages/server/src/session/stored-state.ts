import { GatheredText } from './gathered-text.ts';
import { initialState } from './state.ts';
import type { OpenBlock, SessionState } from './state.ts';

type StoredBlock = Omit<OpenBlock, 'blockId' | 'text'> & { text: '' };

/** As it is stored. */
type StoredState = Omit<SessionState, 'blocks'> & { blocks: Record<string, StoredBlock> };

/** The state as JSON, to be stored: without the text of open blocks, which stands in the log as deltas. */
export function stateToJson(state: SessionState): string {
  const blocks = state.blocks.map(({ blockId, ...block }): [string, StoredBlock] => [blockId, { ...block, text: '' }]);
  return JSON.stringify({ ...state, blocks: Object.fromEntries(blocks) } satisfies StoredState);
}

/**
 * What was stored. The input `recover` brings the text of open blocks. What a state of an older version lacks is as in a new
 * session.
 */
export function stateFromJson(json: string): SessionState {
  const { blocks = {}, ...state } = JSON.parse(json) as Partial<StoredState>;
  return {
    ...initialState(0, 'user'),
    ...state,
    blocks: Object.entries(blocks).map(([blockId, block]) => ({ ...block, blockId, text: new GatheredText() })),
  };
}
