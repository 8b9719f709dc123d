import type { HearthError, Message } from '@hearth/protocol';
import type { Backend } from '../backend/backend.ts';
import type { Clock } from '../concurrency/clock.ts';
import type { EventLog } from '../event-log/event-log.ts';
import type { ProcessPool } from '../process/process-pool.ts';
import type { CoreConfig } from '../session/input.ts';
import type { SessionState } from '../session/state.ts';
import type { SessionView } from '../session/view.ts';
import type { TurnUsage } from '../store/store.ts';
import type { Log } from '../telemetry/log.ts';
import type { AgentSettings } from './agent-settings.ts';
import type { SessionBudget } from './session-budget.ts';
import type { SessionObserver } from './session-observer.ts';

/** What a session needs around it. */
export interface ActorParts {
  log: Log;
  clock: Clock;
  newId: () => string;
  eventLog: EventLog;
  backend: Backend;
  pool: ProcessPool;
  config: Omit<CoreConfig, 'approvalTimeoutMs'>;
  observer: SessionObserver;
  /** Bounds what the session spends; absent: nothing does. */
  budget?: SessionBudget | undefined;
  /** Told what a turn used, once it is stored. */
  onUsage?: ((usage: TurnUsage) => void) | undefined;
  /** Called when the session, as a list shows it, is not what it was. */
  onChanged?: ((sessionId: string) => void) | undefined;
  /** Called when the actor can no longer be used: the log refused a commit. */
  onBroken: (error: HearthError) => void;
  /** Called when it holds an agent process that it could give up, and did not before. */
  onEvictable: () => void;
}

/** A session as it comes from the store, or as it was just made. */
export interface ActorStart {
  state: SessionState;
  view: SessionView;
  settings: AgentSettings;
  /** Messages that a crash left in doubt; see `SessionState.carried`. */
  carried: readonly CarriedMessage[];
}

export type CarriedMessage = Pick<Message, 'id' | 'content'>;
