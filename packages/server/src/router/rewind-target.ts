import { HearthError } from '@hearth/protocol';
import type { Event, SessionRewind } from '@hearth/protocol';
import { conversationTurns, placeAt } from '../session/log-turns.ts';
import type { LoggedTurn, TurnPlace } from '../session/log-turns.ts';

/** The place before the turn that a message began. @throws HearthError when there is no such place */
export function placeBefore(log: readonly Event[], messageId: string): TurnPlace {
  const turns = conversationTurns(log);
  const turn = turns.find((one) => one.messageIds.includes(messageId));
  if (turn !== undefined) return placeAt(turns, turn.startSeq - 1);
  throw noSuchTurn(log, turns, messageId);
}

/** The place that a rewind goes back to. @throws HearthError when there is none, or nothing behind it */
export function rewindPlace(log: readonly Event[], { toSeq, toMessageId }: SessionRewind): TurnPlace {
  if ((toSeq === undefined) === (toMessageId === undefined)) {
    throw new HearthError('invalid_request', 'A rewind goes back to one place.', {
      hint: 'Give either toSeq or toMessageId.',
    });
  }
  const place = toMessageId === undefined ? placeAt(conversationTurns(log), toSeq ?? 0) : placeBefore(log, toMessageId);
  if (place.gone.length > 0) return place;
  throw new HearthError('invalid_request', 'There is nothing to rewind: no turn began after this place.', {
    hint: 'Give the seq of an earlier event.',
  });
}

/**
 * The messages by whose checkpoints files can be put back, oldest first: those that began turns, as long as nothing was
 * done before them that would have to be undone too. None: the agent used no tool.
 */
export function checkpointMessages({ gone, seq }: TurnPlace, log: readonly Event[]): string[] {
  if (!log.some((event) => event.type === 'tool.called' && event.seq > seq)) return [];
  const busy = gone.findIndex((turn) => turn.usedTools);
  const reached = busy === -1 ? gone : gone.slice(0, busy + 1);
  return reached.flatMap((turn) => turn.messageIds.slice(0, 1));
}

function noSuchTurn(log: readonly Event[], turns: readonly LoggedTurn[], messageId: string): HearthError {
  if (turns.some((turn) => turn.steered.includes(messageId))) {
    return new HearthError('invalid_request', 'The message was put into a running turn, so no turn begins with it.', {
      hint: 'Give the message that began the turn.',
    });
  }
  if (log.some((event) => event.type === 'message.delivered' && event.messageId === messageId)) {
    return new HearthError('invalid_request', 'The message is not part of the conversation any more: it was rewound.');
  }
  if (log.some((event) => event.type === 'message.queued' && event.messageId === messageId)) {
    return new HearthError('invalid_request', 'The message never reached the agent.', {
      hint: 'A queued message is changed by message.update; a cancelled one can be sent again.',
    });
  }
  return new HearthError('not_found', 'There is no such message in this session.');
}
