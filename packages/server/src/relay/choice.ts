import { selectAccount } from '../account/select.ts';
import type { Choice } from '../account/select.ts';
import type { Clock } from '../concurrency/clock.ts';
import type { AccountSource, LaneSession, RelayPolicy } from './lane.ts';

/** What a choice of an account depends on beside the session. */
export interface ChoiceParts {
  accounts: AccountSource;
  policy: RelayPolicy;
  clock: Clock;
  /** By any session; null: none was chosen yet. */
  lastChosen: { id: string | null };
}

/** The account with which a session makes its next call. */
export function chooseAccount(
  { accounts, policy, clock, lastChosen }: ChoiceParts,
  { agent, pinned, current }: Pick<LaneSession, 'agent' | 'pinned' | 'current'>,
  model: string | undefined,
): Choice {
  return selectAccount(accounts.candidates(agent), {
    model,
    pinned,
    current,
    policy: policy.selection,
    avoidAbove: policy.avoidAbove,
    lastChosen: lastChosen.id,
    nowMs: clock.now(),
  });
}
