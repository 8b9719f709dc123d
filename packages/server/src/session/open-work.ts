import type { OpenBlock, SessionState } from './state.ts';
import type { Step } from './step.ts';
import { without } from './record.ts';

/** Whether a tool of the turn itself runs; those of subagents run under a tool of the turn, or in the background. */
export function runsTool(state: SessionState): boolean {
  return Object.values(state.tools).some((tool) => tool.parentToolCallId === undefined);
}

/** The block with this id, when it is open. */
export function openBlock({ blocks }: SessionState, blockId: string): OpenBlock | undefined {
  return blocks.find((block) => block.blockId === blockId);
}

/**
 * Closes what the agent left open. Subagents that work in the background outlive the turn that started them, so the end
 * of a turn closes the `foreground`; a cut, and the end of the process, close `all`.
 */
export function closeOpen(step: Step, which: 'foreground' | 'all'): void {
  for (const { blockId, parentToolCallId } of step.state.blocks) {
    if (which === 'foreground' && parentToolCallId !== undefined) continue;
    closeBlock(step, blockId, 'interrupted');
  }
  for (const [toolCallId, tool] of Object.entries(step.state.tools)) {
    if (which === 'foreground' && tool.parentToolCallId !== undefined) continue;
    step.set({ tools: without(step.state.tools, toolCallId) });
    const output = 'The turn was cut before the tool had finished.';
    step.emitInTurn({ type: 'tool.completed', toolCallId, output, isError: true });
  }
}

/** Completes a block that did not come to its own end, with the text that it has. */
export function closeBlock(step: Step, blockId: string, reason: 'interrupted' | 'retry'): void {
  const block = openBlock(step.state, blockId);
  if (block === undefined) return;
  step.set({ blocks: step.state.blocks.filter((other) => other !== block) });
  step.emitInTurn({
    type: 'block.completed',
    blockId,
    kind: block.kind,
    text: block.text.toString(),
    ...(block.parentToolCallId === undefined ? {} : { parentToolCallId: block.parentToolCallId }),
    partial: true,
    reason,
  });
}
