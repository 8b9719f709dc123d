import type * as Sdk from '@anthropic-ai/claude-agent-sdk';

/** The Claude Agent SDK, loaded when it is first needed: a megabyte of code that a server without Claude sessions can do without. */
export async function loadSdk(): Promise<typeof Sdk> {
  return import('@anthropic-ai/claude-agent-sdk');
}
