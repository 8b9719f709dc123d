import type { ApprovalAnswer } from '@hearth/protocol';

/** How `hearth run` settles approvals: nobody is asked, or somebody at the terminal is. */
export type ApprovalPolicy = 'allow' | 'deny' | 'ask';

/** The answer that needs nobody. Questions cannot be answered by a yes: the agent is told to decide by itself. */
export function standingAnswer(policy: 'allow' | 'deny', kind: 'tool' | 'question' | 'plan'): ApprovalAnswer {
  if (policy === 'deny') {
    return {
      decision: 'deny',
      message: 'Nobody could be asked: hearth run had no terminal and was not given --yes. Go on without this.',
    };
  }
  if (kind === 'question') {
    return { decision: 'deny', message: 'Nobody is here to answer questions. Decide by yourself and go on.' };
  }
  return { decision: 'allow' };
}
