import type { Event, Heartbeat, Session, SubscribeResult } from '@hearth/protocol';
import { HearthError } from '@hearth/protocol/errors';
import { ConnectionLostError } from './errors.ts';
import type { ClientError } from './errors.ts';
import type { Request } from './requests.ts';

/** One who follows a session's log. */
export interface Follower {
  /** The last seq it has; `live`: it wants what comes after it has joined. */
  readonly after: number | 'live';
  /** Whether it goes on at its cursor after a lost connection, or joins afresh and is told the session instead. */
  readonly resumes: boolean;
  /**
   * From here on events come. Called again after each loss. For `live` followers `lastSeq` and `session` are as of
   * now; others may join a subscription that runs, and get what it began with.
   */
  joined(lastSeq: number, session: Session): void;
  /** Takes an event, each one once and in order. False: no more, until {@link Following.more}. */
  take(event: Event): boolean;
  heartbeat?(heartbeat: Heartbeat): void;
  /** The session is gone, or, with an error, it cannot be followed. Nothing else is called after it. */
  ended(error?: ClientError): void;
}

/** A follower's place in a channel. */
export interface Following {
  /** There is room again. */
  more(): void;
  stop(): void;
}

/** How long to wait before a subscription is asked for again that the server could not make. */
const AGAIN_MS = 1_000;
/** Refusals that asking again does not change. */
const FINAL: ReadonlySet<string> = new Set(['not_found', 'unauthorized', 'forbidden', 'invalid_request']);

/** What a channel needs of the connection. */
export interface Wire {
  readonly isLive: boolean;
  request(request: Request): void;
}

interface Member {
  readonly follower: Follower;
  cursor: number | 'live';
  state: 'waits' | 'joined' | 'full';
  known: boolean;
}

/**
 * Everybody who follows one session, over the one subscription that a socket can have of it. A follower who wants
 * older events than the subscription gives makes it start again from there, and each is given only what is new to it.
 */
export class SessionChannel {
  readonly #sessionId: string;
  readonly #wire: Wire;
  readonly #empty: () => void;
  readonly #members = new Set<Member>();
  /** The seq up to which the subscription has given events; undefined: there is none. */
  #position: number | undefined;
  #answer: SubscribeResult | undefined;
  #asking = false;
  #again: ReturnType<typeof setTimeout> | undefined;

  /** @param empty nobody follows any more */
  constructor(sessionId: string, wire: Wire, empty: () => void) {
    this.#sessionId = sessionId;
    this.#wire = wire;
    this.#empty = empty;
  }

  add(follower: Follower): Following {
    const member: Member = { follower, cursor: follower.after, state: 'waits', known: false };
    this.#members.add(member);
    this.settle();
    return {
      more: () => {
        if (member.state !== 'full') return;
        member.state = 'waits';
        this.settle();
      },
      stop: () => {
        if (this.#members.delete(member)) this.settle();
      },
    };
  }

  /** The socket is gone, and the subscription with it. */
  lost(): void {
    this.#position = undefined;
    this.#asking = false;
    this.#stopWaiting();
    for (const member of this.#members) {
      if (member.state === 'joined') member.state = 'waits';
      if (!member.follower.resumes) member.cursor = 'live';
    }
  }

  /** Ends all followers. */
  end(error?: ClientError): void {
    this.#stopWaiting();
    const members = [...this.#members];
    this.#members.clear();
    for (const { follower } of members) follower.ended(error);
    this.settle();
  }

  take(event: Event): void {
    if (this.#position === undefined) return;
    this.#position = Math.max(this.#position, event.seq);
    for (const member of this.#members) {
      if (member.state !== 'joined' || member.cursor === 'live' || event.seq <= member.cursor) continue;
      member.cursor = event.seq;
      if (!member.follower.take(event)) member.state = 'full';
    }
    if (event.type === 'session.closed') {
      this.#endOfLog(event.seq);
      return;
    }
    this.settle();
  }

  heartbeat(heartbeat: Heartbeat): void {
    for (const { follower } of this.#members) follower.heartbeat?.(heartbeat);
  }

  /** Brings the subscription on the wire in line with who follows. */
  settle(): void {
    if (this.#asking || !this.#wire.isLive) return;
    const members = [...this.#members].filter((member) => member.state !== 'full');
    if (members.length === 0) {
      this.#stopWaiting();
      if (this.#position !== undefined) this.#unsubscribe();
      if (this.#members.size === 0) this.#empty();
      return;
    }
    this.#joinAsItRuns(members);
    if (this.#again !== undefined) return;
    const cursors = members.flatMap(({ cursor }) => (cursor === 'live' ? [] : [cursor]));
    const after = cursors.length === 0 ? -1 : Math.min(...cursors);
    const behind = this.#position !== undefined && this.#position < after;
    if (this.#position === undefined || behind || members.some(({ state }) => state === 'waits')) {
      this.#subscribe(after);
    }
  }

  /** Who has everything that the running subscription gave, and nothing beyond it, needs no other. */
  #joinAsItRuns(members: readonly Member[]): void {
    if (this.#position === undefined || this.#answer === undefined) return;
    const { lastSeq, session } = this.#answer;
    const end = Math.max(lastSeq, this.#position);
    for (const member of members) {
      if (member.state !== 'waits' || member.cursor === 'live') continue;
      if (member.cursor < this.#position || member.cursor > end) continue;
      member.state = 'joined';
      member.known = true;
      member.follower.joined(end, session);
    }
  }

  #subscribe(after: number): void {
    this.#ask('session.subscribe', { after }, (result) => {
      const answer = result as SubscribeResult;
      const { session, lastSeq } = answer;
      this.#answer = answer;
      const position = after === -1 ? lastSeq : Math.min(after, lastSeq);
      this.#position = position;
      for (const member of this.#members) {
        if (member.state === 'full') continue;
        // A cursor beyond the end of the log counts as its end.
        if (member.cursor === 'live' || member.cursor > lastSeq) member.cursor = lastSeq;
        const covered = member.cursor >= position;
        if (covered && member.state === 'waits') {
          member.state = 'joined';
          member.known = true;
          member.follower.joined(lastSeq, session);
        } else if (!covered) {
          member.state = 'waits';
        }
      }
    });
  }

  #unsubscribe(): void {
    this.#position = undefined;
    this.#ask('session.unsubscribe', {}, () => undefined);
  }

  #ask(method: string, params: object, answered: (result: unknown) => void): void {
    const done = (act: () => void): void => {
      this.#asking = false;
      act();
      this.settle();
    };
    this.#asking = true;
    this.#wire.request({
      method,
      params: { sessionId: this.#sessionId, ...params },
      onLoss: 'drop',
      answered: (result) => done(() => answered(result)),
      failed: (error) => done(() => this.#failed(error)),
    });
  }

  #failed(error: ClientError): void {
    if (error instanceof HearthError && !FINAL.has(error.code)) {
      this.#askAgainLater(error);
      return;
    }
    this.#position = undefined;
    if (error instanceof ConnectionLostError) return;
    const gone = error instanceof HearthError && error.code === 'not_found';
    const members = [...this.#members];
    this.#members.clear();
    for (const { follower, known } of members) follower.ended(gone && known ? undefined : error);
  }

  /** The server cannot now. What it gave before it gives on; who has never joined is told, and the others wait. */
  #askAgainLater(error: HearthError): void {
    this.#again = setTimeout(() => {
      this.#again = undefined;
      this.settle();
    }, AGAIN_MS);
    const refused = [...this.#members].filter(({ known }) => !known);
    for (const member of refused) this.#members.delete(member);
    for (const { follower } of refused) follower.ended(error);
  }

  #stopWaiting(): void {
    clearTimeout(this.#again);
    this.#again = undefined;
  }

  /** The session is closed: nothing comes after this event. Who has not read up to it still waits for the rest. */
  #endOfLog(seq: number): void {
    const done = [...this.#members].filter(
      ({ state, cursor }) => state !== 'waits' && cursor !== 'live' && cursor >= seq,
    );
    for (const member of done) this.#members.delete(member);
    for (const { follower } of done) follower.ended();
    this.settle();
  }
}
