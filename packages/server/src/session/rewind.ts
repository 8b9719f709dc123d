import type { RewindDone } from './input.ts';
import type { InputOf, Step } from './step.ts';
import { closeAgent } from './turn.ts';

/**
 * Holds the session still while it is rewound: messages are accepted and stay queued, and no turn starts. `agent` says
 * whether its process may have the conversation meanwhile; `leaves when free`: background work is not ended for it.
 */
export function beginRewind(step: Step, input: InputOf<'rewind.begin'>): void {
  if (isBusy(step)) {
    refuseBusy(step, input.requestId);
    return;
  }
  if (step.state.life !== 'open') {
    step.refuse(input.requestId, 'agent_unavailable', 'The server is stopping.', 'Try again soon.');
    return;
  }
  if (step.state.held) {
    step.refuse(input.requestId, 'invalid_request', 'The session is being rewound already.', 'Try again soon.');
    return;
  }
  if (input.agent === 'leaves when free' && step.state.backgroundTasks > 0) {
    const hint = 'A rewind would end that work; wait until it is done.';
    step.refuse(input.requestId, 'invalid_request', 'The agent works in the background.', hint);
    return;
  }
  step.set({ held: true });
  if (input.agent !== 'stays') closeAgent(step);
  step.done(input.requestId);
}

/** Lets the session go on: rewound as `done` says, or as it was. */
export function endRewind(step: Step, input: InputOf<'rewind.end'>): void {
  const { done, requestId } = input;
  const { held } = step.state;
  step.set({ held: false });
  if (done === null) {
    step.done(requestId);
    return;
  }
  if (!held || isBusy(step)) {
    refuseBusy(step, requestId);
    return;
  }
  apply(step, done);
  step.done(requestId);
}

function apply(step: Step, { toSeq, turns, cut, files }: RewindDone): void {
  if (cut === null) {
    step.emit({ type: 'files.rewound', toSeq, files: files ?? [] });
    return;
  }
  closeAgent(step);
  step.set({ rewind: cut, carried: step.state.carried.filter((id) => !cut.nextMessageIds.includes(id)) });
  step.emit({ type: 'session.rewound', toSeq, turns, ...(files === undefined ? {} : { files }) });
}

/** A turn runs, or the agent may begin one with a message that it holds. */
function isBusy({ state }: Step): boolean {
  return state.turn !== null || state.queue.some((entry) => entry.hold !== 'kept');
}

function refuseBusy(step: Step, requestId: string): void {
  const hint = 'Interrupt the turn first, or wait for its end.';
  step.refuse(requestId, 'invalid_request', 'A session cannot be rewound while a turn runs.', hint);
}
