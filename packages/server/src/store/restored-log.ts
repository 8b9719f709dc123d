/** Least distance from every number that is known to have been given. */
const JUMP = 1_000_000;
/** Numbers per ms that no session reaches, so that a time stands for more numbers than were given until then. */
const NUMBERS_PER_MS = 1_000;

/** A session whose database was put back to a former state. */
export interface RestoredSession {
  id: string;
  standing: string;
  /** As the former state has it. */
  lastSeq: number;
  /** The last number that is known to have been given, there or since. */
  lastKnown: number;
  /** New id of its conversation, when it has one that was renamed. */
  agentSessionId: string | undefined;
}

export interface RestoredLog {
  events: { seq: number; type: string; body: string }[];
  lastSeq: number;
}

/**
 * What the log of a restored session goes on with: between the backup and now it may have given out numbers that the backup
 * does not know, and clients have seen them. It goes on above all of them (see `floor`), with a notice that says what happened.
 * @param madeAt ISO time of the backup, if it is known
 */
export function restoredLog(session: RestoredSession, now: Date, madeAt: string | undefined): RestoredLog {
  const { id, standing, lastSeq, lastKnown, agentSessionId } = session;
  // Nothing follows the end of a session.
  if (standing === 'closed') return { events: [], lastSeq: Math.max(lastSeq, floor(lastKnown, now) - 1) };
  const first = floor(lastKnown, now);
  const told = [
    ...(agentSessionId === undefined ? [] : [{ type: 'session.updated', changes: { agentSessionId } }]),
    notice(madeAt),
  ];
  const events = told.map((event, index) => {
    const seq = first + index;
    return { seq, type: event.type, body: JSON.stringify({ sessionId: id, seq, time: now.toISOString(), ...event }) };
  });
  return { events, lastSeq: Math.max(lastSeq, first + events.length - 1) };
}

/**
 * A number above every one that was given out before `now`, also by a server that went on from an earlier restore of the
 * same backup in another place: the time in µs, which no session's numbers reach, and never less than what is known.
 */
export function floor(lastSeq: number, now: Date): number {
  return Math.max(lastSeq + JUMP, now.getTime() * NUMBERS_PER_MS);
}

function notice(madeAt: string | undefined) {
  const when = madeAt === undefined ? '' : ` of ${madeAt}`;
  return {
    type: 'notice',
    level: 'warning',
    code: 'restored',
    text: `This session was restored from a backup${when}. What came after that is gone: whoever has seen it reads the session again from its beginning.`,
  };
}
