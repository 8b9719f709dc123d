/** How a tool call stands. `unfinished`: its turn ended before it did. */
export type ToolState = 'running' | 'waiting' | 'done' | 'failed' | 'unfinished';
