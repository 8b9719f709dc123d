import type { Event } from '@hearth/protocol';

/** An event in a few words, as stories quote it. */
export function inWords(event: Event): string {
  switch (event.type) {
    case 'phase.changed':
      return `phase ${event.phase}`;
    case 'message.delivered':
      return `${event.messageId} delivered as ${event.as}`;
    case 'message.queued':
    case 'message.updated':
      return `${event.messageId} ${event.type.slice('message.'.length)} ${event.priority} at ${event.place}`;
    case 'message.completed':
    case 'message.cancelled':
    case 'message.failed':
      return `${event.messageId} ${event.type.slice('message.'.length)}`;
    case 'turn.interrupted':
      return `turn interrupted by ${event.by}`;
    case 'turn.failed':
      return `turn failed: ${event.error.code}`;
    case 'turn.started':
    case 'turn.completed':
      return event.type.replace('.', ' ');
    case 'block.completed':
      return `block ${event.blockId} ${event.reason ?? 'whole'}: ${event.text}`;
    case 'approval.resolved':
      return `approval ${event.approvalId} ${event.decision}`;
    default:
      return event.type;
  }
}
