import type { ErrorCode } from '@hearth/protocol';
import type { AccountHealth, WindowUse } from './health.ts';

/** How an account is chosen for a session that has none, or whose own cannot go on. */
export type SelectionPolicy = 'priority' | 'round-robin' | 'least-used';

/** An account as the choice sees it. */
export interface Candidate {
  readonly id: string;
  readonly label: string;
  readonly kind: 'api_key' | 'oauth' | 'gateway';
  /** Smaller ones first. */
  readonly priority: number;
  readonly enabled: boolean;
  /** Null: all. An entry is a model's name, or the beginning of one and `*`. */
  readonly models: readonly string[] | null;
  readonly health: AccountHealth;
}

/** The two ways in which an agent can take itself: one with a subscription's token, or one with a key; `none`: no accounts. */
export type AccountMode = 'none' | 'key' | 'subscription';

export interface Wanted {
  /** The model of the call, where it is known. */
  model: string | undefined;
  /** The user's own choice: no other account is used. */
  pinned: string | null;
  /** The account that the session has used last: it keeps it while it is healthy, for the provider's cache knows it there. */
  current: string | null;
  policy: SelectionPolicy;
  /** Above this share of a window an account is avoided while another one is below it. */
  avoidAbove: number;
  /** The account that was chosen last by anybody, for `round-robin`. */
  lastChosen: string | null;
  nowMs: number;
}

export type Choice =
  | { type: 'account'; candidate: Candidate; reason: SelectionReason }
  /** Every account that may be used is spent; the first one is back at `untilMs` (null: nobody said when). */
  | { type: 'spent'; untilMs: number | null }
  | { type: 'none'; code: ErrorCode; message: string };

/** Why an account was chosen: `kept` is no news. */
export type SelectionReason = 'kept' | 'pinned' | 'selected' | 'avoided_limit' | 'rotated';

/** Limits that begin anew within this time are the provider's pacing; nobody changes the account for them. */
const PACING_MS = 2 * 60_000;
/** What was said of a limit that does not say when it begins anew holds for so long: an account that is avoided hears nothing new. */
const UNSAID_RESET_MS = 60 * 60_000;

/** Which account a call is made with. Pure: the same question has the same answer. */
export function selectAccount(candidates: readonly Candidate[], wanted: Wanted): Choice {
  const { pinned, current, nowMs } = wanted;
  const asked = pinned === null ? candidates : candidates.filter(({ id }) => id === pinned);
  if (pinned !== null && asked.length === 0) {
    return none('agent_unauthorized', 'The account that this session is pinned to is not there any more.');
  }
  const allowed = asked.filter((one) => one.enabled && mayUse(one, wanted.model));
  if (allowed.length === 0) return noneAllowed(asked, wanted.model);
  const working = allowed.filter(({ health }) => health.problem === undefined);
  if (working.length === 0) return allBroken(allowed);
  const ready = working.filter(({ health }) => readyAt(health, wanted.model, nowMs) <= nowMs);
  if (ready.length === 0) return { type: 'spent', untilMs: firstBack(working, wanted) };
  const fresh = ready.filter(({ health }) => worstShare(health, wanted) < wanted.avoidAbove);
  const usable = fresh.length > 0 ? fresh : mostLeft(ready, wanted);
  const kept = usable.find(({ id }) => id === current);
  if (kept !== undefined) return { type: 'account', candidate: kept, reason: 'kept' };
  const candidate = order(usable, wanted)[0] as Candidate;
  return { type: 'account', candidate, reason: reasonOf(ready, wanted) };
}

/** When an account can be used for a model, in ms since 1970; what is past means now. */
export function readyAt({ cooldown, windows }: AccountHealth, model: string | undefined, nowMs: number): number {
  const cooled = cooldown !== undefined && concerns(cooldown.model, model) ? cooldown.untilMs : 0;
  const spent = Object.values(windows)
    .filter((window) => window.model !== undefined && concerns(window.model, model) && shareAt(window, nowMs) >= 1)
    .map((window) => window.resetsAtMs ?? 0);
  return Math.max(cooled, ...spent);
}

/** What of a window is used at this time: nothing, once it has begun anew. */
export function shareAt({ utilization, resetsAtMs, seenAtMs }: WindowUse, nowMs: number): number {
  return (resetsAtMs ?? seenAtMs + UNSAID_RESET_MS) <= nowMs ? 0 : utilization;
}

function reasonOf(ready: readonly Candidate[], { pinned, current }: Wanted): SelectionReason {
  if (pinned !== null) return 'pinned';
  if (current === null) return 'selected';
  return ready.some(({ id }) => id === current) ? 'avoided_limit' : 'rotated';
}

function order(usable: readonly Candidate[], wanted: Wanted): Candidate[] {
  switch (wanted.policy) {
    case 'priority':
      return usable.toSorted((a, b) => a.priority - b.priority || leastRecent(a, b));
    case 'least-used':
      return usable.toSorted(
        (a, b) =>
          worstShare(a.health, wanted) - worstShare(b.health, wanted) ||
          firstReset(a, wanted) - firstReset(b, wanted) ||
          a.priority - b.priority ||
          leastRecent(a, b),
      );
    case 'round-robin': {
      const ids = usable.map(({ id }) => id).toSorted();
      const next = ids.find((id) => wanted.lastChosen !== null && id > wanted.lastChosen) ?? ids[0];
      return usable.toSorted((a, b) => Number(b.id === next) - Number(a.id === next));
    }
  }
}

/** Of accounts that are all nearly spent, those with the most left. */
function mostLeft(ready: readonly Candidate[], wanted: Wanted): Candidate[] {
  const least = Math.min(...ready.map(({ health }) => worstShare(health, wanted)));
  return ready.filter(({ health }) => worstShare(health, wanted) === least);
}

/** The share of the window that is fullest: the one that ends the work first. */
function worstShare({ windows }: AccountHealth, { model, nowMs }: Wanted): number {
  const shares = Object.values(windows)
    .filter((window) => concerns(window.model, model) && (window.resetsAtMs ?? Infinity) > nowMs + PACING_MS)
    .map((window) => shareAt(window, nowMs));
  return Math.max(0, ...shares);
}

function firstReset({ health }: Candidate, { model, nowMs }: Wanted): number {
  const resets = Object.values(health.windows)
    .filter((window) => concerns(window.model, model))
    .flatMap(({ resetsAtMs }) => (resetsAtMs === undefined || resetsAtMs <= nowMs ? [] : [resetsAtMs]));
  return Math.min(Number.MAX_SAFE_INTEGER, ...resets);
}

function leastRecent(a: Candidate, b: Candidate): number {
  return (a.health.lastUsedAtMs ?? 0) - (b.health.lastUsedAtMs ?? 0) || (a.id < b.id ? -1 : 1);
}

function mayUse({ models }: Candidate, model: string | undefined): boolean {
  if (models === null || model === undefined) return true;
  return models.some((entry) => (entry.endsWith('*') ? model.startsWith(entry.slice(0, -1)) : entry === model));
}

/** Whether a limit that is for one kind of model concerns this one; a model that is not known might be of any. */
function concerns(limited: string | undefined, model: string | undefined): boolean {
  return limited === undefined || (model !== undefined && model.includes(limited));
}

function firstBack(working: readonly Candidate[], { model, nowMs }: Wanted): number | null {
  const times = working.map(({ health }) => readyAt(health, model, nowMs)).filter((time) => time > nowMs);
  return times.length === 0 ? null : Math.min(...times);
}

function noneAllowed(asked: readonly Candidate[], model: string | undefined): Choice {
  if (!asked.some(({ enabled }) => enabled))
    return none('agent_unauthorized', 'Every account of this agent is disabled.');
  return none('invalid_request', `No account may use the model “${model ?? ''}”.`);
}

function allBroken(allowed: readonly Candidate[]): Choice {
  const problems = allowed.flatMap(({ label, health }) =>
    health.problem === undefined ? [] : [{ label, ...health.problem }],
  );
  const [first] = problems;
  const told = problems.map(({ label, message }) => `“${label}”: ${message}`).join(' ');
  return none(first?.code ?? 'agent_unauthorized', `No account of this agent works. ${told}`);
}

function none(code: ErrorCode, message: string): Choice {
  return { type: 'none', code, message };
}
